// On a narrow screen the conversations are a drawer, opened by a button.
(() => {
  const button = () => document.querySelector("#drawer button");
  const drawer = () => document.getElementById("sidebar");
  const isOpen = () => drawer()?.classList.contains("open") ?? false;

  function show(is) {
    drawer().classList.toggle("open", is);
    button()?.setAttribute("aria-expanded", String(is));
    if (is) document.querySelector("#find input")?.focus();
  }

  document.addEventListener("click", event => {
    if (event.target.closest?.("#drawer button")) show(!isOpen());
    else if (isOpen() && (event.target.closest?.("[data-do=open], [data-do=new]") ||
      !event.target.closest?.("#sidebar"))) show(false);
  });

  // The server lists all of them after an answer; what is looked for is in the field still.
  function findAgain() {
    const field = document.querySelector("#find input");
    const list = document.querySelector("#conversations [data-words]");
    if (!field || !list || list.dataset.words === field.value) asked = null;
    else if (asked !== field.value && document.activeElement !== field) {
      asked = field.value;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }
  let asked = null;

  footnote.whenReady(() => footnote.afterChanges(findAgain));

  document.addEventListener("keydown", event => {
    if (event.key !== "Escape" || !isOpen()) return;
    show(false);
    button()?.focus();
  });
})();
