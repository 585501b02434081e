// Sets light or dark before the first paint; a classic script, because a module would run after it.
(() => {
  const chosen = () => localStorage.getItem("cityloop-theme") || "auto";
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const theme = chosen() === "auto" ? (dark.matches ? "dark" : "light") : chosen();
    document.documentElement.dataset.bsTheme = theme;
  };
  document.documentElement.classList.add("has-script");
  dark.addEventListener("change", apply);
  addEventListener("cityloop:theme", apply);
  apply();
})();
