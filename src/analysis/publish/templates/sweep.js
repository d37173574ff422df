"use strict";
// Gives every table.sortable a search field and column heads that sort. A cell's data-v is what it sorts by, else its text.
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0], rows = [...body.rows], tools = document.createElement("p");
  const field = document.createElement("input"), label = document.createElement("label"), said = document.createElement("span");
  tools.className = "tools";
  field.type = "search";
  field.id = table.id + "-search";
  label.htmlFor = field.id;
  label.textContent = table.dataset.search || "Search";
  said.setAttribute("role", "status");
  tools.append(label, field, said);
  table.parentElement.before(tools);
  const plain = text => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const texts = new Map(rows.map(row => [row, plain(row.textContent)]));
  const show = () => {
    const words = plain(field.value).split(/\s+/).filter(Boolean);
    let n = 0;
    for (const row of rows) {
      row.hidden = !words.every(word => texts.get(row).includes(word));
      n += !row.hidden;
    }
    said.textContent = words.length ? `${n} of ${rows.length} shown` : "";
  };
  field.addEventListener("input", show);
  const value = (row, i) => {
    const cell = row.cells[i];
    return "v" in cell.dataset ? (cell.dataset.v === "" ? null : Number(cell.dataset.v)) : cell.textContent.trim();
  };
  [...table.tHead.rows[0].cells].forEach((head, i) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const order = rows.map((row, at) => [value(row, i), at, row]).sort(([a, p], [b, q]) => {
        if (a === null || b === null) return (a === null) - (b === null) || p - q;
        const by = typeof a === "number" ? a - b : a.localeCompare(b, "en", { numeric: true });
        return (down ? -by : by) || p - q;
      });
      body.append(...order.map(([, , row]) => row));
    });
  });
}
