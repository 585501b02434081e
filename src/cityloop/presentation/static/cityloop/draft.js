// Keeps what is typed into a long form for this tab, until it is sent; a crash or a wrong click loses nothing.

// The reporter's data goes to the server only; the CSRF token belongs to one response.
const notKept = /^(csrfmiddlewaretoken|reporter_)/;
const form = document.querySelector("form[data-draft]");
if (form) {
  const key = `cityloop-draft-${form.dataset.draft}`;
  const refused = document.querySelector("[data-summary]");
  const saved = JSON.parse(sessionStorage.getItem(key) || "null");
  // The response to a refused try already contains the values, and is the newer copy.
  if (saved && !refused) {
    for (const [name, words] of Object.entries(saved)) {
      const field = form.elements[name];
      if (field && words && field.type !== "file") field.value = words;
    }
  }
  form.addEventListener("input", () => sessionStorage.setItem(key, JSON.stringify(typed())));
  form.addEventListener("submit", () => sessionStorage.removeItem(key));
}

function typed() {
  const entries = [...new FormData(form)].filter(([name, said]) => !notKept.test(name) && typeof said === "string");
  return Object.fromEntries(entries);
}
