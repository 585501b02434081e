// Keeps what is typed into a long form for this person and this tab, until the server has answered that it is taken.

// The reporter's data goes to the server only; the CSRF token belongs to one response.
const notKept = /^(csrfmiddlewaretoken|reporter_)/;
const everybodys = "cityloop-draft-";
const { person, sent } = document.querySelector("[data-person]")?.dataset ?? {};
const mine = `${everybodys}${person}-`;
const form = document.querySelector("form[data-draft]");

if (person) {
  // Nobody finds here what another person has typed, even if that person did not sign out.
  drop((name, draft) => !name.startsWith(mine) || (sent && draft.includes(`"${sent}"`)));
  document.querySelector("form[data-ends-session]")?.addEventListener("submit", () => drop(() => true));
}
if (person && form) {
  const key = mine + form.dataset.draft;
  const saved = JSON.parse(sessionStorage.getItem(key) || "null");
  const keep = () => sessionStorage.setItem(key, JSON.stringify(typed()));
  const forget = () => sessionStorage.removeItem(key);
  // The response to a refused try already contains the values, and is the newer copy.
  if (saved && !document.querySelector("[data-summary]")) {
    restore(saved);
    form.querySelector("[data-restored]").hidden = false;
  }
  form.addEventListener("input", keep);
  form.addEventListener("submit", keep);
  form.querySelector("[data-gives-up]").addEventListener("click", forget);
  form.querySelector("[data-clears]").addEventListener("click", () => {
    forget();
    location.assign(location.pathname);
  });
}

function drop(which) {
  const names = Object.keys(sessionStorage).filter((name) => name.startsWith(everybodys));
  for (const name of names) if (which(name, sessionStorage.getItem(name))) sessionStorage.removeItem(name);
}

function typed() {
  const kept = {};
  for (const [name, words] of new FormData(form)) {
    if (!notKept.test(name) && typeof words === "string") (kept[name] ??= []).push(words);
  }
  return kept;
}

function restore(saved) {
  for (const field of form.elements) {
    if (!field.name || notKept.test(field.name) || field.type === "file") continue;
    const words = saved[field.name] ?? [];
    if (field.type === "checkbox" || field.type === "radio") field.checked = words.includes(field.value);
    else if (words[0]) field.value = words[0];
  }
}
