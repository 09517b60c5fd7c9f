"use strict";
(() => {
  const words = new Intl.Collator("en", {numeric: true, sensitivity: "base"});
  const value = (row, column) => {
    const cell = row.children[column];
    return "key" in cell.dataset ? Number(cell.dataset.key) : cell.textContent.trim();
  };
  const compare = (a, b) => typeof a === "number" && typeof b === "number" ? a - b : words.compare(String(a), String(b));

  for (const listing of document.querySelectorAll("[data-listing]")) {
    const body = listing.querySelector("tbody"), rows = [...body.rows];
    const heads = [...listing.querySelectorAll("thead th")];
    const search = listing.querySelector("input"), status = listing.querySelector("[role=status]");
    const texts = new Map();

    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.textContent = head.textContent;
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const numbers = rows.length > 0 && typeof value(rows[0], column) === "number";
        const before = head.getAttribute("aria-sort");
        const way = before === null ? (numbers ? "descending" : "ascending") : before === "ascending" ? "descending" : "ascending";
        for (const each of heads) each.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", way);
        const keys = new Map(rows.map((row) => [row, value(row, column)]));
        rows.sort((a, b) => (way === "ascending" ? 1 : -1) * compare(keys.get(a), keys.get(b)));
        body.append(...rows);
      });
    });

    search.addEventListener("input", () => {
      const wanted = search.value.trim().toLowerCase();
      let shown = 0;
      for (const row of rows) {
        if (!texts.has(row)) texts.set(row, row.textContent.toLowerCase());
        row.hidden = !texts.get(row).includes(wanted);
        if (!row.hidden) shown += 1;
      }
      status.textContent = wanted ? `${shown} of ${rows.length}` : "";
    });
  }
  for (const part of document.querySelectorAll("[data-script]")) part.hidden = false;
})();
