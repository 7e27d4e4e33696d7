/* Chooses the time zone of this browser in a select that asks for it; without this script the given one stands. */
"use strict";
for (const select of document.querySelectorAll("select[data-own-zone]")) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if ([...select.options].some(option => option.value === zone)) select.value = zone;
}
