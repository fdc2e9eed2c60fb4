// Light or dark, before anything is drawn: as the system has it, unless somebody chose.

(() => {
  const KEPT = "shelfsight.theme";
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const root = document.documentElement;
  const chosen = () => {
    try {
      return localStorage.getItem(KEPT);
    } catch {
      return null; // a browser may keep nothing
    }
  };
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : dark.matches);
  const say = () => {
    for (const button of document.querySelectorAll("[data-does=theme]")) {
      const name = isDark() ? "Light colours" : "Dark colours";
      button.setAttribute("aria-label", name);
      button.title = name;
    }
  };

  function turn() {
    const wanted = isDark() ? "light" : "dark";
    const own = (wanted === "dark") !== dark.matches;
    if (own) root.dataset.theme = wanted;
    else delete root.dataset.theme;
    try {
      if (own) localStorage.setItem(KEPT, wanted);
      else localStorage.removeItem(KEPT);
    } catch {
      // It holds for this page.
    }
    say();
  }

  if (["light", "dark"].includes(chosen())) root.dataset.theme = chosen();
  dark.addEventListener("change", say);
  document.addEventListener("DOMContentLoaded", say);
  document.addEventListener("click", (event) => event.target.closest?.("[data-does=theme]") && turn());
})();
