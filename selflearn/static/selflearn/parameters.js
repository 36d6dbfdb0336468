// Marks changed parameters and counts the characters of a reason.
// The pages work without this script.
"use strict";

(() => {
  const value = (field) => (field.type === "checkbox" ? (field.checked ? "on" : "") : field.value.trim());

  const differs = (field) => {
    const [typed, live] = [value(field), field.dataset.live];
    if (typed === live) return false;
    // 5.50 is 5.5; an empty field is not 0.
    return typed === "" || live === "" || Number.isNaN(Number(typed)) || Number(typed) !== Number(live);
  };

  const watchForm = (form) => {
    const fields = [...form.querySelectorAll("[data-live]")];
    const summary = form.querySelector("[data-changed-count]");
    const mark = () => {
      let count = 0;
      for (const field of fields) {
        const changed = differs(field);
        const place = field.closest(".sl-field");
        place.classList.toggle("sl-changed", changed);
        place.querySelector(".sl-changed-mark").hidden = !changed;
        count += changed;
      }
      if (!summary) return;
      const text = count === 1 ? "1 changed value." : `${count} changed values.`;
      summary.textContent = count ? text : "No changes yet.";
    };
    form.addEventListener("input", mark);
    form.addEventListener("change", mark);
    mark();
  };

  const countReason = (field) => {
    const place = field.closest(".sl-field").querySelector(".sl-counter");
    const most = Number(field.dataset.counted);
    const count = () => {
      // As the server counts: whole characters, without the white space around them.
      const length = [...field.value.trim()].length;
      place.textContent = length ? ` ${length} of ${most}` : "";
      place.classList.toggle("sl-loss", length > most);
    };
    field.addEventListener("input", count);
    count();
  };

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("form[data-parameters]").forEach(watchForm);
    document.querySelectorAll("[data-counted]").forEach(countReason);
  });
})();
