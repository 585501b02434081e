// The keyboard in lists: j and k move, Enter opens, x selects; / searches, n reports, ? explains.

const rows = [...document.querySelectorAll("table[data-rows] tbody tr")];
const bar = document.querySelector("[data-bulk]");
let current = -1;

const keys = {
  j: () => move(1),
  k: () => move(-1),
  x: () => boxOf(rows[current])?.click(),
  "/": () => document.querySelector(".cl-search input")?.focus(),
  n: () => document.querySelector(".cl-new")?.click(),
  "?": () => document.getElementById("keys")?.showModal(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.closest("input:not([type=checkbox]), textarea, select, dialog, [contenteditable]")) return;
  if (event.key === "Enter" && event.target === rows[current]) linkOf(rows[current]).click();
  const action = keys[event.key];
  if (!action) return;
  event.preventDefault();
  action();
});

function move(step) {
  if (!rows.length) return;
  rows[current]?.classList.remove("is-current");
  current = Math.min(Math.max(current + step, 0), rows.length - 1);
  const row = rows[current];
  row.classList.add("is-current");
  row.tabIndex = -1;
  row.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

function linkOf(row) {
  return row.querySelector(".cl-row-link");
}

function boxOf(row) {
  return row?.querySelector("input[type=checkbox]");
}

function selected() {
  return rows.filter((row) => boxOf(row)?.checked);
}

function showBar() {
  bar.hidden = selected().length === 0;
  bar.querySelector("[data-bulk-count]").textContent = selected().length;
}

if (bar) {
  document.addEventListener("change", (event) => event.target.closest("table[data-rows]") && showBar());
  bar.querySelector("[data-bulk-copy]").addEventListener("click", () => {
    navigator.clipboard.writeText(selected().map((row) => row.dataset.number).join("\n"));
  });
  bar.querySelector("[data-bulk-clear]").addEventListener("click", () => {
    for (const row of selected()) boxOf(row).checked = false;
    showBar();
  });
}
