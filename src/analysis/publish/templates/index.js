// Finds and sorts what the page lists. It loads nothing and stores nothing; without it the whole list stands as it is.
"use strict";
const list = document.querySelector("[data-list]");
const finder = document.querySelector(".finder");
if (list && finder) {
  const [find, order] = [finder.querySelector("input"), finder.querySelector("select")];
  const said = finder.querySelector("output");
  const groups = [...list.querySelectorAll(":scope > section")];
  const plain = (text) => text.toLowerCase().normalize("NFKD").replace(/[\u0300-\u036f%\u2010-\u2015-]/g, "");
  const texts = new Map(groups.flatMap((group) => [group, ...group.querySelectorAll("li")]).map((e) => [e, plain(e.textContent + " " + (e.dataset.find || ""))]));
  const heads = new Map(groups.map((group) => [group, plain(group.querySelector("h2").textContent)]));

  const filter = () => {
    const words = plain(find.value).split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const group of groups) {
      const items = [...group.querySelectorAll("li")];
      for (const item of items) {
        const text = heads.get(group) + " " + texts.get(item);
        item.hidden = !words.every((word) => text.includes(word));
        shown += !item.hidden;
      }
      group.hidden = words.length > 0 && items.every((item) => item.hidden);
    }
    said.textContent = words.length ? shown + " of " + list.querySelectorAll("li").length + " lines" : "";
  };
  const keys = {
    listed: (group) => groups.indexOf(group),
    name: (group) => heads.get(group),
    reports: (group) => -group.querySelectorAll("li a").length,
  };
  const sort = () => {
    const key = keys[order.value];
    const compare = (a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : keys.listed(a) - keys.listed(b));
    list.append(...[...groups].sort(compare));
  };
  find.addEventListener("input", filter);
  order.addEventListener("change", sort);
  finder.addEventListener("submit", (event) => event.preventDefault());
  finder.hidden = false;
}
