// The payment form.

class PaymentElement {
  constructor(elements, options = {}) {
    this.elements = elements;
    this.options = options;
    this.listeners = new Map();
    this.host = document.createElement("div");
    this.root = this.host.attachShadow({ mode: "open" });
    this.fields = {};
    this.state = "";
    this.method = "card";
    this.build();
  }

  on(event, listener) {
    this.listeners.set(event, [...(this.listeners.get(event) ?? []), listener]);
    return this;
  }

  once(event, listener) {
    const once = (value) => {
      this.off(event, once);
      listener(value);
    };
    return this.on(event, once);
  }

  off(event, listener) {
    const left = (this.listeners.get(event) ?? []).filter((known) => listener && known !== listener);
    this.listeners.set(event, left);
    return this;
  }

  emit(event, value = {}) {
    for (const listener of this.listeners.get(event) ?? []) listener({ elementType: "payment", ...value });
  }

  mount(target) {
    const place = typeof target === "string" ? document.querySelector(target) : target;
    if (!place) throw new Error(`The selector you specified (${target}) applies to no DOM elements on the page.`);
    place.replaceChildren(this.host);
    queueMicrotask(() => this.emit("ready"));
    return this;
  }

  unmount() {
    this.host.remove();
    return this;
  }

  destroy() {
    this.unmount();
    this.listeners.clear();
  }

  focus() {
    if (this.method === "card") this.fields.number.input.focus();
    else this.choice.querySelector(":checked")?.focus();
  }

  blur() {
    this.root.activeElement?.blur();
  }

  clear() {
    for (const { input, error } of Object.values(this.fields)) {
      input.value = "";
      this.say(input, error, "");
    }
    this.changed();
  }

  collapse() {}

  update(options) {
    Object.assign(this.options, options);
    const readOnly = Boolean(this.options.readOnly);
    for (const { input } of Object.values(this.fields)) input.readOnly = readOnly;
  }

  paint(appearance = {}) {
    const night = appearance.theme === "night" ? NIGHT : {};
    const variables = { ...VARIABLES, ...night, ...appearance.variables };
    const declarations = Object.entries(variables)
      .filter(([, value]) => !/[;{}<]/.test(value))
      .map(([name, value]) => `--${name}: ${value};`);
    this.sheet.replaceSync(`:host { ${declarations.join(" ")} } ${STYLE}`);
  }

  build() {
    // An adopted sheet, unlike a style element, is fine under any content security policy.
    this.sheet = new CSSStyleSheet();
    this.root.adoptedStyleSheets = [this.sheet];
    this.paint(this.elements.options.appearance);
    const form = document.createElement("form");
    form.noValidate = true;
    this.choice = document.createElement("fieldset");
    this.choice.className = "wide";
    this.note = document.createElement("p");
    this.note.className = "note wide";
    this.note.textContent = "You go on to your bank to confirm the payment.";
    form.append(
      this.choice,
      this.note,
      this.field("number", "Card number", "1234 1234 1234 1234", "cc-number", "wide"),
      this.field("expiry", "Expiry date", "MM / YY", "cc-exp"),
      this.field("cvc", "Security code", "CVC", "cc-csc"),
    );
    // Enter pays, as in any form: the form around the element, if there is one, is asked to submit.
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.host.closest("form")?.requestSubmit();
    });
    const submit = document.createElement("button");
    submit.hidden = true;
    form.append(submit);
    this.root.append(form);
    this.offer();
  }

  // Offers what the payment allows; with one way only there is nothing to choose.
  offer() {
    const methods = methodsFor(this.elements.options);
    if (!methods.some(({ type }) => type === this.method)) this.method = methods[0]?.type ?? "card";
    const legend = document.createElement("legend");
    legend.textContent = "Pay with";
    const choices = methods.map(({ type, label }) => {
      const choice = document.createElement("label");
      choice.className = "method";
      const input = document.createElement("input");
      Object.assign(input, { type: "radio", name: "method", value: type, checked: type === this.method });
      input.addEventListener("change", () => {
        this.method = type;
        this.show();
        this.changed();
      });
      choice.append(input, label);
      return choice;
    });
    this.choice.replaceChildren(legend, ...choices);
    this.choice.hidden = methods.length < 2;
    this.show();
  }

  show() {
    const card = this.method === "card";
    for (const { input } of Object.values(this.fields)) input.closest(".field").hidden = !card;
    this.note.hidden = card;
  }

  field(name, text, placeholder, autocomplete, wide = "") {
    const field = document.createElement("div");
    field.className = `field ${wide}`;
    const label = document.createElement("label");
    label.htmlFor = name;
    label.textContent = text;
    const input = document.createElement("input");
    Object.assign(input, { id: name, name: autocomplete, placeholder, autocomplete, inputMode: "numeric", spellcheck: false });
    input.setAttribute("aria-describedby", `${name}-error`);
    input.setAttribute("aria-required", "true");
    const box = document.createElement("span");
    box.className = "box";
    box.append(input);
    if (name === "number") {
      this.brand = document.createElement("span");
      this.brand.className = "brand";
      box.append(this.brand);
    }
    const error = document.createElement("p");
    error.id = `${name}-error`;
    error.className = "error";
    error.setAttribute("aria-live", "polite");
    field.append(label, box, error);
    this.fields[name] = { input, error };
    input.addEventListener("input", (event) => this.typed(name, event));
    input.addEventListener("blur", () => {
      this.emit("blur");
      if (input.value) this.say(input, error, this.check(name));
    });
    input.addEventListener("focus", () => this.emit("focus"));
    return field;
  }

  typed(name, event) {
    const { input, error } = this.fields[name];
    const deleting = (event.inputType ?? "").startsWith("delete");
    const brand = brandOf(digits(this.fields.number.input.value));
    const atEnd = input.selectionStart === input.value.length;
    if (name === "number") {
      const number = digits(input.value).slice(0, Math.max(...lengthsOf(brand)));
      if (atEnd || number.length !== digits(input.value).length) input.value = formatNumber(number, brand);
      this.brand.textContent = brand.label;
      if (!deleting && lengthsOf(brand).includes(number.length) && !CHECKS.number(number)) this.fields.expiry.input.focus();
    } else if (name === "expiry") {
      if (atEnd) input.value = formatExpiry(input.value, deleting);
      if (!deleting && digits(input.value).length === 4 && !CHECKS.expiry(input.value)) this.fields.cvc.input.focus();
    } else {
      input.value = digits(input.value).slice(0, cvcLength(brand));
    }
    if (error.textContent) this.say(input, error, this.check(name));
    this.changed();
  }

  check(name) {
    return CHECKS[name](this.fields[name].input.value, this.fields.number.input.value);
  }

  say(input, error, message) {
    error.textContent = message;
    input.toggleAttribute("aria-invalid", false);
    if (message) input.setAttribute("aria-invalid", "true");
  }

  changed() {
    const card = this.method === "card";
    const empty = card && Object.values(this.fields).every(({ input }) => !input.value);
    const complete = !card || Object.keys(this.fields).every((name) => !this.check(name));
    const state = `${this.method}${empty}${complete}`;
    if (state === this.state) return;
    this.state = state;
    this.emit("change", { empty, complete, collapsed: false, value: { type: this.method } });
  }

  // Shows every mistake and moves to the first one.
  validate() {
    if (this.method !== "card") return null;
    let first = null;
    for (const [name, { input, error }] of Object.entries(this.fields)) {
      const message = this.check(name);
      this.say(input, error, message);
      if (message && !first) first = { name, message, input };
    }
    first?.input.focus();
    return first && { type: "validation_error", code: `incomplete_${first.name}`, message: first.message };
  }

  // What the token is made of: `payment_method_data`.
  data() {
    return this.method === "card" ? { type: "card", card: this.card() } : { type: this.method };
  }

  card() {
    const expiry = digits(this.fields.expiry.input.value);
    return {
      number: digits(this.fields.number.input.value),
      exp_month: String(Number(expiry.slice(0, 2))),
      exp_year: `20${expiry.slice(2)}`,
      cvc: this.fields.cvc.input.value,
    };
  }
}
