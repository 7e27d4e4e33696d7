// Passkeys: their buttons show where the browser has them, and a ceremony that fails says so in the page.
(() => {
  "use strict";
  document.addEventListener("DOMContentLoaded", () => {
    if (!window.PublicKeyCredential) return;
    for (const element of document.querySelectorAll("[data-passkey]")) element.hidden = false;
  });
  document.addEventListener("allauth.error", (event) => {
    event.preventDefault();
    for (const element of document.querySelectorAll("[data-passkey-problem]")) element.hidden = false;
  });
})();
