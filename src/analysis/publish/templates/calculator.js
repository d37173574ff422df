// Shows one row of the figures embedded beside it, for the window, unit and group that a reader picks. It adds nothing
// that the table under it does not hold, loads nothing and stores nothing.
"use strict";
for (const box of document.querySelectorAll(".calculator:not([data-ready])")) {
  box.dataset.ready = "";
  const data = JSON.parse(box.querySelector("[type='application/json']").textContent);
  const form = box.querySelector("form");
  const [unit, group, time] = form.querySelectorAll("select");
  const out = box.querySelector("output");
  const percent = (share) => (100 * share).toFixed(1) + "\u00a0%";
  const number = (n) => n.toLocaleString("en-US");
  const distinct = (column, rows) => [...new Set(rows.map((row) => row[column]))];

  const fill = (select, values, words) => {
    const before = select.value;
    select.replaceChildren(...values.map((value) => new Option(words(value), value)));
    if (values.map(String).includes(before)) select.value = before;
  };
  const show = () => {
    const row = data.rows.find((r) => [r[0], r[1], r[2]].join() === [unit.value, group.value, time.value].join());
    if (!row || row[5] === null) {
      out.textContent = row ? data.hidden : data.none;
      return;
    }
    const [, , , k, n, share, lower, upper] = row;
    const limits = lower === null || upper === null ? "" :
      " (" + data.level + " interval " + (100 * lower).toFixed(1) + " to " + (100 * upper).toFixed(1) + ")";
    const counts = k === null || n === null ? "" : number(k) + " events seen, " + number(n) + " followed: ";
    out.textContent = counts + percent(share) + limits;
  };
  const refill = () => {
    const own = data.rows.filter((row) => String(row[0]) === unit.value);
    fill(group, distinct(1, own), (number) => data.groups[number]);
    fill(time, distinct(2, own), (value) => number(value) + " " + data.time);
    show();
  };

  fill(unit, distinct(0, data.rows), (number) => data.units[number]);
  refill();
  time.value = String(data.first);
  if (!time.value) time.selectedIndex = 0;
  show();
  unit.addEventListener("change", refill);
  group.addEventListener("change", show);
  time.addEventListener("change", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
}
