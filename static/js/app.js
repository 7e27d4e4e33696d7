/* The whole shared script: live region, focus, dialogs, toasts with undo, retry, keys, palette, bulk selection, copy,
   appearance, tick. No eval, no inline handlers; everything hangs on data attributes (docs/front-end.md). */
(() => {
  "use strict";
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const body = document.body;
  const words = name => $("#t-words")?.dataset[name] ?? "";
  const visible = el => el.checkVisibility?.() ?? el.offsetParent !== null;
  const isHtmx = () => typeof window.htmx !== "undefined";

  /* --- live region ------------------------------------------------------- */
  let saying;
  const announce = text => {
    const live = $("#live");
    if (!live || !text) return;
    clearTimeout(saying);
    live.textContent = "";
    saying = setTimeout(() => { live.textContent = text; }, 60);
  };
  const value = event => event.detail?.value ?? event.detail;
  document.addEventListener("prm:announce", event => announce(value(event)));
  document.addEventListener("prm:focus", event => $(value(event))?.focus());
  document.addEventListener("prm:close", () => $$("dialog[open]").forEach(dialog => dialog.close()));
  document.addEventListener("prm:refresh", event => {
    const names = value(event);
    for (const name of Array.isArray(names) ? names : []) body.dispatchEvent(new CustomEvent(`prm:refresh-${name}`));
  });
  setInterval(() => { if (!document.hidden) body.dispatchEvent(new CustomEvent("prm:tick")); }, 60000);

  /* --- toasts: stay 20 s, longer while hovered or focused; errors stay --- */
  const watchToast = toast => {
    if (toast.dataset.watched) return;
    toast.dataset.watched = "1";
    announce($("p", toast)?.textContent.trim());
    if ("stay" in toast.dataset) return;
    let timer;
    const start = () => { timer = setTimeout(() => toast.remove(), 20000); };
    const stop = () => clearTimeout(timer);
    toast.addEventListener("mouseenter", stop);
    toast.addEventListener("mouseleave", start);
    toast.addEventListener("focusin", stop);
    toast.addEventListener("focusout", start);
    start();
  };
  const showToast = (template, retry) => {
    const toast = $(template).content.firstElementChild.cloneNode(true);
    toast.dataset.stay = "";
    const again = $("[data-retry]", toast);
    if (again) {
      if (retry) again.addEventListener("click", () => { toast.remove(); retry(); });
      else again.remove();
    }
    $$("#toasts .toast-bad").forEach(old => old.remove());
    $("#toasts").append(toast);
    watchToast(toast);
  };
  const toasts = $("#toasts");
  if (toasts) {
    $$(".toast", toasts).forEach(watchToast);
    new MutationObserver(() => $$(".toast", toasts).forEach(watchToast)).observe(toasts, { childList: true });
  }

  /* --- dialogs: arrive in #dialog, open modally, give the focus back ----- */
  let opener;
  const openDialogs = root => {
    for (const dialog of $$("dialog[data-autoshow]", root)) {
      if (dialog.open) continue;
      dialog.showModal();
      const first = $("[autofocus]", dialog) ?? $(".dialog-body :is(input:not([type=hidden]), select, textarea)", dialog);
      first?.focus();
    }
  };
  const giveBack = () => { if (opener?.isConnected && (!document.activeElement || document.activeElement === body)) opener.focus(); };
  document.addEventListener("close", event => {
    const dialog = event.target;
    if (dialog.parentElement?.id === "dialog") dialog.remove();
    setTimeout(giveBack);
  }, true);

  /* --- htmx: never silent, never twice, focus where it belongs ----------- */
  const busy = new Set();
  const setBusy = () => body.classList.toggle("is-busy", busy.size > 0);
  body.addEventListener("htmx:beforeRequest", event => {
    const { elt, target, xhr } = event.detail;
    if (elt.matches("form")) {
      if (elt.getAttribute("aria-busy") === "true") { event.preventDefault(); return; }
      elt.setAttribute("aria-busy", "true");
    }
    if (target?.id === "dialog") opener = document.activeElement;
    busy.add(xhr);
    setBusy();
    xhr.prmTimer = setTimeout(() => { if (target !== body && target?.isConnected) { target.setAttribute("aria-busy", "true"); } }, 200);
  });
  body.addEventListener("htmx:afterRequest", event => {
    const { elt, target, xhr } = event.detail;
    clearTimeout(xhr?.prmTimer);
    busy.delete(xhr);
    setBusy();
    if (elt.matches?.("form")) elt.removeAttribute("aria-busy");
    target?.removeAttribute?.("aria-busy");
  });
  // A whole page (log-in, error page) never lands inside a part of this one.
  body.addEventListener("htmx:beforeSwap", event => {
    const { xhr } = event.detail;
    const whole = /^\s*<!doctype/i.test(xhr.responseText.slice(0, 100));
    if (whole && xhr.status >= 400) {
      event.detail.shouldSwap = false;
      showToast("#t-refused");
    }
  });
  body.addEventListener("htmx:afterSettle", event => {
    openDialogs(document);
    const root = event.target.isConnected ? event.target : document;
    const wrong = $("[aria-invalid=true]", root);
    if (wrong && event.detail.xhr?.status === 422) wrong.focus();
    countBulk();
    showTab();
  });
  const showTab = () => {
    const on = $(".tabs [aria-current]"), bar = on?.closest(".tabs");
    if (bar) bar.scrollLeft = on.offsetLeft - (bar.clientWidth - on.offsetWidth) / 2;
  };
  const retryOf = detail => () => {
    const { elt, requestConfig } = detail;
    if (elt.matches?.("form")) elt.requestSubmit(requestConfig?.triggeringEvent?.submitter ?? undefined);
    else if (elt.isConnected) window.htmx.trigger(elt, requestConfig?.triggeringEvent?.type ?? "click");
  };
  const failed = event => {
    const status = event.detail.xhr?.status ?? 0;
    if (status === 0 || status === 429 || status >= 500) showToast("#t-failed", retryOf(event.detail));
    else if (!event.detail.xhr.getResponseHeader("HX-Redirect")) showToast("#t-refused");
  };
  for (const name of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) body.addEventListener(name, failed);
  // Plain forms: the second press of a slow "Send" is swallowed.
  document.addEventListener("submit", event => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post" || isHtmx() && form.matches("[hx-post], [data-hx-post]")) return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
  });
  addEventListener("pageshow", () => $$("form[data-sent]").forEach(form => delete form.dataset.sent));

  /* --- clicks ------------------------------------------------------------ */
  const copy = async el => {
    const text = new URL(el.dataset.copy || location.href, location.href).href;
    try { await navigator.clipboard.writeText(text); } catch {
      const box = Object.assign(document.createElement("textarea"), { value: text });
      box.className = "visually-hidden";
      (el.closest("dialog") ?? body).append(box);
      box.select();
      document.execCommand("copy");
      box.remove();
      el.focus();
    }
    announce(words("copied"));
  };
  document.addEventListener("click", event => {
    const at = selector => event.target.closest(selector);
    for (const menu of $$("details[data-menu][open]")) if (!menu.contains(event.target)) menu.open = false;
    if (at("[data-dismiss]")) { at(".toast").remove(); giveBack(); }
    else if (at("[data-close]")) { event.preventDefault(); at("dialog").close(); }
    else if (at("[data-copy]")) { event.preventDefault(); copy(at("[data-copy]")); }
    else if (at("[data-print]")) window.print();
    else if (at("[data-help-open]")) { closeMenus(); openHelp(); }
    else if (at("[data-palette-open]") && !event.ctrlKey && !event.metaKey && isHtmx()) { event.preventDefault(); openPalette(); }
    else if (event.target.matches?.("dialog")) closeOnBackdrop(event);
  });
  const closeOnBackdrop = event => {
    const box = event.target.getBoundingClientRect();
    const outside = event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
    if (outside && !$("textarea", event.target)?.value) event.target.close();
  };
  const closeMenus = () => {
    const open = $$("details[data-menu][open]");
    for (const menu of open) { menu.open = false; if (menu.contains(document.activeElement)) $("summary", menu).focus(); }
    return open.length > 0;
  };

  /* --- appearance: at once, the form tells the server -------------------- */
  document.addEventListener("submit", event => {
    if (!event.target.matches("form[data-appearance]") || !event.submitter) return;
    const choice = event.submitter.value;
    const root = document.documentElement;
    if (choice === "light" || choice === "dark") root.setAttribute("data-bs-theme", choice);
    else root.removeAttribute("data-bs-theme");
    for (const button of $$("button[name=appearance]", event.target)) button.setAttribute("aria-pressed", String(button === event.submitter));
  }, true);

  /* --- bulk selection ---------------------------------------------------- */
  const boxes = root => $$(".sel input[type=checkbox]:not([data-bulk-all])", root);
  function countBulk() {
    for (const form of $$("form[data-bulk]")) {
      const all = boxes(form), on = all.filter(box => box.checked), head = $("[data-bulk-all]", form);
      const place = $("[data-bulk-count]", form);
      if (place) place.textContent = words("selected").replace("{n}", on.length);
      if (head) { head.checked = all.length > 0 && on.length === all.length; head.indeterminate = on.length > 0 && on.length < all.length; }
    }
  }
  let lastBox;
  document.addEventListener("click", event => {
    const box = event.target.closest?.(".sel input[type=checkbox]");
    if (!box || box.matches("[data-bulk-all]")) return;
    const all = boxes(box.form ?? document);
    if (event.shiftKey && lastBox?.isConnected) {
      const [from, to] = [all.indexOf(lastBox), all.indexOf(box)].sort((a, b) => a - b);
      for (const one of all.slice(Math.max(from, 0), to + 1)) one.checked = box.checked;
    }
    lastBox = box;
  });
  document.addEventListener("change", event => {
    if (event.target.matches("[data-bulk-all]")) for (const box of boxes(event.target.form)) box.checked = event.target.checked;
    if (event.target.closest("form[data-bulk]")) countBulk();
    if (event.target.matches("[data-autosubmit]") && event.target.form) event.target.form.requestSubmit();
  });
  countBulk();

  /* --- keys -------------------------------------------------------------- */
  const inField = el => el.isContentEditable || el.matches("textarea, select, input:not([type=checkbox], [type=radio], [type=button], [type=submit])");
  const items = () => $$("[data-item]", $("main") ?? document).filter(visible);
  const keyed = (key, root) => $$(`[data-key="${CSS.escape(key)}"]`, root).find(el => visible(el) && !el.disabled);
  const press = el => {
    if (el.matches("summary")) { el.parentElement.open = !el.parentElement.open; el.focus(); $("a, button", el.parentElement)?.focus(); }
    else if (inField(el)) el.focus();
    else { if (el.matches("input")) el.focus(); el.click(); }
  };
  const step = by => {
    const all = items();
    if (!all.length) return;
    const here = all.indexOf(document.activeElement?.closest("[data-item]"));
    const next = all[here < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(here + by, 0), all.length - 1)];
    if (!next.hasAttribute("tabindex")) next.tabIndex = -1;
    next.focus();
  };
  const openHelp = () => {
    const dialog = $("#t-help").content.firstElementChild.cloneNode(true);
    const seen = new Set(["n"]), list = $("[data-keys]", dialog);
    for (const el of $$("main [data-key], .top [data-key]")) {
      const key = el.dataset.key, name = (el.getAttribute("aria-label") ?? el.textContent).trim().replace(/\s+/g, " ");
      if (seen.has(key) || !visible(el)) continue;
      seen.add(key);
      const row = [document.createElement("span"), document.createElement("span")];
      row[0].append(Object.assign(document.createElement("kbd"), { textContent: key.toUpperCase() }));
      row[1].textContent = name;
      list.append(...row);
    }
    $("[data-here]", dialog).hidden = !list.children.length;
    opener = document.activeElement;
    $("#dialog").replaceChildren(dialog);
    openDialogs(document);
  };
  let going = 0;
  document.addEventListener("keydown", event => {
    const target = event.target, key = event.key.toLowerCase();
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && key === "k" && $("#palette")) {
      event.preventDefault();
      openPalette();
      return;
    }
    if ((event.ctrlKey || event.metaKey) && key === "enter") {
      const form = target.closest?.("form");
      if (form) { event.preventDefault(); form.requestSubmit($("[type=submit].btn-primary", form) ?? undefined); }
      return;
    }
    if (key === "escape") { if (!$("dialog[open]") && closeMenus()) event.preventDefault(); return; }
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat && !"jk".includes(key)) return;
    if (body.dataset.shortcuts === "off" || !target.matches || inField(target)) return;
    const dialog = $("dialog[open]");
    if (dialog) {
      const el = dialog.id !== "palette" && keyed(key, dialog);
      if (el) { event.preventDefault(); press(el); }
      return;
    }
    if (Date.now() - going < 2000) {
      going = 0;
      const link = $(`[data-go="${CSS.escape(key)}"]`);
      if (link) { event.preventDefault(); link.click(); return; }
    }
    const item = target.closest("[data-item]");
    const own = (item && keyed(key, item)) || keyed(key, $("main") ?? body) || keyed(key, $(".top") ?? body);
    if (own) { event.preventDefault(); press(own); return; }
    if (key === "g") going = Date.now();
    else if (key === "?") openHelp();
    else if (key === "j") step(1);
    else if (key === "k") step(-1);
    else if (key === "/") {
      const filter = $$("main [data-filter], main input[type=search]").find(visible);
      if (filter) { filter.focus(); filter.select(); } else openPalette();
    }
    else if (key === "x" && item) $(".sel input", item)?.dispatchEvent(new MouseEvent("click", { bubbles: true, shiftKey: event.shiftKey }));
    else if (key === "enter" && target === item) ($("[data-open]", item) ?? $("a[href]", item))?.click();
    else return;
    event.preventDefault();
  });

  /* --- palette: combobox over server results and this page's own actions - */
  const palette = $("#palette"), field = $("#palette-q"), list = $("#palette-list");
  const options = () => (list ? $$("[role=option]", list) : []);
  const choose = index => {
    const all = options();
    all.forEach((option, n) => { option.id ||= `palette-o${n}`; option.setAttribute("aria-selected", String(n === index)); });
    if (all[index]) { field.setAttribute("aria-activedescendant", all[index].id); all[index].scrollIntoView({ block: "nearest" }); }
    else field.removeAttribute("aria-activedescendant");
  };
  const chosen = () => options().findIndex(option => option.getAttribute("aria-selected") === "true");
  function openPalette() {
    if (!palette || palette.open) return;
    closeMenus();
    opener = document.activeElement;
    palette.showModal();
    field.value = "";
    field.focus();
    field.dispatchEvent(new CustomEvent("prm:open"));
  }
  const pageActions = () => {
    const asked = field.value.trim().replace(/^>\s*/, "").toLowerCase();
    const found = asked ? $$("main [data-palette]").filter(el => visible(el) && el.dataset.palette.toLowerCase().includes(asked)) : [];
    $("#palette-here")?.remove();
    if (!found.length) return;
    const group = Object.assign(document.createElement("div"), { id: "palette-here" });
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", words("here"));
    const head = Object.assign(document.createElement("div"), { className: "palette-group", textContent: words("here") });
    head.setAttribute("aria-hidden", "true");
    group.append(head, ...found.map(el => {
      const option = Object.assign(document.createElement("div"), { className: "palette-option", textContent: el.dataset.palette });
      option.setAttribute("role", "option");
      option.addEventListener("click", () => { palette.close(); press(el); });
      return option;
    }));
    list.prepend(group);
  };
  let answered = "", entered = false;  // what the list answers; Enter was pressed before the answer came
  const refreshPalette = event => {
    answered = event.detail?.requestConfig?.parameters?.q ?? field.value;
    pageActions();
    options().forEach(option => option.removeAttribute("id"));
    choose(field.value.trim() ? 0 : -1);
    if (entered && answered === field.value) { entered = false; options()[chosen()]?.click(); return; }
    if (field.value.trim()) announce(words("found").replace("{n}", options().length));
  };
  if (palette) {
    list.addEventListener("htmx:afterSettle", refreshPalette);
    field.addEventListener("input", () => { entered = false; pageActions(); choose(field.value === answered ? 0 : -1); });
    field.addEventListener("keydown", event => {
      const count = options().length, here = chosen();
      if (event.key === "ArrowDown") choose((here + 1) % Math.max(count, 1));
      else if (event.key === "ArrowUp") choose((here - 1 + count) % Math.max(count, 1));
      else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey && here >= 0) options()[here].click();
      else if (event.key === "Enter" && isHtmx() && field.value !== answered) entered = true;
      else return;
      event.preventDefault();
    });
    list.addEventListener("mousemove", event => {
      const at = options().indexOf(event.target.closest("[role=option]"));
      if (at >= 0 && at !== chosen()) choose(at);
    });
  }
  openDialogs(document);
  showTab();
})();
