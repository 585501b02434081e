// Chooses a place: a click, Enter, or the button puts a pin and fills the form's fields; the fields move the pin.

/** Let a place be chosen on a map whose element has the attribute `pick`. */
export function letPick(element, maplibre) {
  const [lon, lat] = fields(element);
  const pin = new maplibre.Marker({ element: drawn(), anchor: "bottom", draggable: true });
  const put = ({ lng, lat: north }, writes) => {
    pin.setLngLat([lng, north]).addTo(element.map);
    if (writes) write(element, lon, lat, lng, north);
  };
  const read = () => {
    const [x, y] = [lon, lat].map((field) => (field?.value.trim() ? Number(field.value) : NaN));
    if (!(Math.abs(x) <= 180 && Math.abs(y) <= 90)) return pin.remove();
    put({ lng: x, lat: y }, false);
    if (!element.map.getBounds().contains([x, y])) element.map.jumpTo({ center: [x, y] });
  };
  const { signal } = element.ending;
  for (const field of [lon, lat]) field?.addEventListener("change", (event) => event.isTrusted && read(), { signal });
  pin.on("dragend", () => put(pin.getLngLat(), true));
  element.map.on("click", (event) => put(event.lngLat, true));
  element.map.getCanvas().addEventListener("keydown", (event) => {
    if (event.key === "Enter") put(element.map.getCenter(), true);
  }, { signal });
  element.frame.append(button(element, () => put(element.map.getCenter(), true)));
  read();
}

function fields(element) {
  const names = (element.getAttribute("pick") || "lon lat").split(/\s+/);
  const form = element.closest("form") ?? document;
  return names.map((name) => form.querySelector(`[name="${CSS.escape(name)}"]`));
}

function write(element, lonField, latField, lon, lat) {
  for (const [field, degrees] of [[lonField, lon], [latField, lat]]) {
    if (!field) continue;
    field.value = degrees.toFixed(6);
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }
  element.dispatchEvent(new CustomEvent("city-map:pick", { bubbles: true, detail: { lon, lat } }));
}

function drawn() {
  const pin = document.createElement("div");
  pin.className = "cl-map-pin";
  pin.append(document.createElement("span")); // the pin's place moves with the map, its shape is turned
  return pin;
}

function button(element, press) {
  const pressed = Object.assign(document.createElement("button"), {
    type: "button", className: "btn btn-sm cl-map-middle", textContent: element.words.middle,
  });
  pressed.addEventListener("click", press);
  return pressed;
}
