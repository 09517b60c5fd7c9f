"use strict";
(() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const cells = all("[data-cell]"), parts = all("[data-cells]"), maps = all("[data-map]"), rows = all("#rows > tr");
  const filter = document.getElementById("filter"), status = document.getElementById("filtered");
  const search = document.getElementById("search"), nothing = document.getElementById("nothing");
  const numbers = new Map([...parts, ...maps].map((part) => [part, new Set((part.dataset.cells ?? part.dataset.map).split(" "))]));
  let chosen = null;

  const holds = (part) => chosen === null || !numbers.has(part) || numbers.get(part).has(chosen.dataset.cell);

  function show() {
    const wanted = (search?.value ?? "").trim().toLowerCase();
    for (const part of parts) {
      if (part.ownerSVGElement) part.classList.toggle("dim", !holds(part));
      else part.hidden = !holds(part);
    }
    for (const row of rows) row.hidden = !holds(row) || !row.firstElementChild.textContent.toLowerCase().includes(wanted);
    const map = maps.find((each) => chosen !== null && holds(each)) ?? maps[0];
    for (const each of maps) each.hidden = each !== map;
    for (const cell of cells) cell.setAttribute("aria-pressed", String(cell === chosen));
    filter.hidden = chosen === null;
    for (const each of all("details.further")) {
      const held = [...each.querySelectorAll(".subject")].some((part) => !part.hidden);
      each.hidden = !held;
      if (chosen !== null && held) each.open = true;
    }
    const open = all(".subject, .card").filter((each) => !each.hidden && each.closest("details:not(.further)") === null);
    nothing.hidden = chosen === null || open.length > 0;
    status.textContent = chosen === null ? "" : `Only what concerns ${chosen.textContent.trim().replace(/^\S\s*/u, "")}`;
  }

  function choose(cell) {
    chosen = cell === chosen ? null : cell;
    show();
  }

  function move(cell, key) {
    const line = [...cell.closest("tr").children], table = [...cell.closest("tbody").children];
    const column = line.indexOf(cell.parentElement), row = table.indexOf(cell.closest("tr"));
    const steps = {ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0]};
    if (!(key in steps)) return false;
    let [down, right] = steps[key], y = row + down, x = column + right;
    while (table[y]?.children[x]) {
      const next = table[y].children[x].querySelector("button");
      if (next) { rove(next); next.focus(); return true; }
      y += down; x += right;
    }
    return true;
  }

  function rove(cell) {
    for (const each of cells) each.tabIndex = each === cell ? 0 : -1;
  }

  for (const cell of cells) {
    cell.addEventListener("click", () => { rove(cell); choose(cell); });
    cell.addEventListener("keydown", (event) => { if (move(cell, event.key)) event.preventDefault(); });
  }
  if (cells.length) rove(cells[0]);
  document.getElementById("clear").addEventListener("click", () => { const last = chosen; choose(chosen); last?.focus(); });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape" && chosen !== null) choose(chosen); });
  search?.addEventListener("input", show);

  async function copy(text) {
    try { await navigator.clipboard.writeText(text); return true; } catch { /* older browsers refuse it for a file */ }
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }

  for (const button of all(".copy")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const done = await copy(button.parentElement.querySelector("code").textContent);
      button.textContent = done ? "Copied" : "Not copied";
      button.focus();
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
  }
  for (const part of all("[data-script]")) part.hidden = false;
  addEventListener("beforeprint", () => { for (const each of all("details")) each.open = true; });
})();
