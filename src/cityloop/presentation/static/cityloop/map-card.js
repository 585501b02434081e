// The card of the feature that was chosen: a few of its properties, as the layer names them.

/** Show the card of a feature; null hides it. */
export function showCard(element, feature, layer) {
  element.querySelector(".cl-map-card")?.remove();
  if (!feature) return element.unchoose();
  const asked = layer.card ?? { title: "name", rows: [] };
  const { properties } = feature;
  const card = document.createElement("section");
  card.className = "cl-map-card";
  card.setAttribute("aria-live", "polite");
  card.append(heading(asked, properties), closing(element));
  const facts = (asked.rows ?? []).filter(([name]) => written(properties[name]) !== "");
  if (facts.length) card.append(list(facts, properties));
  element.frame.append(card);
}

function heading(asked, properties) {
  const head = document.createElement("h3");
  const words = written(properties[asked.title]) || written(properties.name) || written(properties.code);
  const link = properties[asked.link];
  // Only our own addresses: a feature's properties must not lead elsewhere, or run.
  if (typeof link === "string" && /^\/(?!\/)/.test(link)) head.append(Object.assign(document.createElement("a"), { href: link, textContent: words }));
  else head.textContent = words;
  return head;
}

function closing(element) {
  const button = document.createElement("button");
  Object.assign(button, { type: "button", className: "cl-map-close", ariaLabel: element.words.close, textContent: "×" });
  button.addEventListener("click", () => {
    showCard(element, null);
    element.map.getCanvas().focus();
  });
  return button;
}

function list(facts, properties) {
  const rows = document.createElement("dl");
  for (const [name, title] of facts) {
    const term = Object.assign(document.createElement("dt"), { textContent: title });
    rows.append(term, Object.assign(document.createElement("dd"), { textContent: written(properties[name]) }));
  }
  return rows;
}

// Features that went through the renderer have lists as JSON.
function written(value) {
  if (Array.isArray(value)) return value.join("、");
  if (typeof value === "string" && value.startsWith("[")) {
    try {
      return JSON.parse(value).join("、");
    } catch {
      return value;
    }
  }
  return value === null || value === undefined ? "" : String(value);
}
