// Closes menus, remembers the appearance and submits the forms of marked selects.

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.cl-menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.querySelector("details.cl-menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

document.addEventListener("change", (event) => event.target.closest("[data-autosubmit]")?.submit());

for (const group of document.querySelectorAll("[data-appearance-choice]")) {
  const mark = () => {
    const chosen = localStorage.getItem("cityloop-theme") || "auto";
    for (const button of group.children) button.setAttribute("aria-pressed", button.dataset.appearance === chosen);
  };
  group.hidden = false;
  group.addEventListener("click", (event) => {
    if (!event.target.dataset.appearance) return;
    localStorage.setItem("cityloop-theme", event.target.dataset.appearance);
    dispatchEvent(new Event("cityloop:theme"));
    mark();
  });
  mark();
}

function showScriptButtons() {
  for (const button of document.querySelectorAll("[data-prints], [data-opens-keys]")) button.hidden = false;
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-prints]")) print();
  if (event.target.closest("[data-opens-keys]")) document.getElementById("keys").showModal();
});

// After an action the response replaces the case: scroll to what was refused, else to the top with the new stage.
document.addEventListener("htmx:after:swap", () => {
  showScriptButtons();
  const refused = document.querySelector("#case .has-fault :is(input, select, textarea), #case .cl-refused");
  if (refused?.matches(".cl-refused")) refused.scrollIntoView({ block: "nearest" });
  (refused ?? document.querySelector("#case h1"))?.focus();
});

showScriptButtons();
document.querySelector("[data-summary]")?.focus();
