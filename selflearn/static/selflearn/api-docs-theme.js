"use strict";
// Runs before the page is painted: the theme is the admin's, or the system's where none was chosen.
(() => {
  const stored = (localStorage.getItem("adminTheme") || "").replaceAll('"', "");
  const system = matchMedia("(prefers-color-scheme: dark)").matches;
  const dark = stored === "dark" || (stored !== "light" && system);
  document.documentElement.classList.toggle("dark-mode", dark);
})();
