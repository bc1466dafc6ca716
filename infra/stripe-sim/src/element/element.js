// The payment form, with the part of Stripe.js's surface that a checkout page uses, so that the same page works with
// either. It lives in a shadow root: the page's styles do not reach in, its `appearance.variables` do.
(() => {
  "use strict";

  const BASE = new URL(document.currentScript?.src ?? location.href).origin;

  const VARIABLES = {
    colorPrimary: "#1b1b1a",
    colorBackground: "#ffffff",
    colorText: "#1b1b1a",
    // Derived, so that a theme that only gives text and background stays readable.
    colorTextSecondary: "color-mix(in srgb, var(--colorText) 72%, var(--colorBackground))",
    colorTextPlaceholder: "color-mix(in srgb, var(--colorText) 66%, var(--colorBackground))",
    colorDanger: "#b3261e",
    colorBorder: "color-mix(in srgb, var(--colorText) 56%, var(--colorBackground))",
    fontFamily: "system-ui, sans-serif",
    fontSizeBase: "16px",
    borderRadius: "8px",
    spacingUnit: "4px",
  };

  // `appearance.theme: "night"` for dark pages.
  const NIGHT = { colorPrimary: "#f2f2ef", colorBackground: "#1c1c1b", colorText: "#f2f2ef", colorDanger: "#ff8f86" };

  const STYLE = `
    :host { display: block; }
    * { box-sizing: border-box; }
    form { display: grid; grid-template-columns: 1fr 1fr; gap: calc(var(--spacingUnit) * 4) calc(var(--spacingUnit) * 3);
           margin: 0; font-family: var(--fontFamily); font-size: var(--fontSizeBase); line-height: 1.4; color: var(--colorText); }
    .field { display: grid; gap: calc(var(--spacingUnit) * 1.5); align-content: start; min-width: 0; }
    .wide { grid-column: 1 / -1; }
    label { font-weight: 500; font-size: .9em; }
    .box { position: relative; display: block; }
    input { width: 100%; min-height: 48px; padding: 0 14px; border: 1px solid var(--colorBorder); border-radius: var(--borderRadius);
            background: var(--colorBackground); color: var(--colorText); font: inherit; font-size: max(16px, 1em);
            font-variant-numeric: tabular-nums; }
    input::placeholder { color: var(--colorTextPlaceholder); opacity: 1; }
    input:focus-visible { outline: 2px solid var(--colorPrimary); outline-offset: 1px; border-color: var(--colorPrimary); }
    input[aria-invalid="true"] { border-color: var(--colorDanger); box-shadow: 0 0 0 1px var(--colorDanger); }
    .brand { position: absolute; right: 14px; top: 50%; transform: translateY(-50%); font-size: .8em; font-weight: 600;
             color: var(--colorTextSecondary); pointer-events: none; }
    .error { margin: 0; font-size: .875em; color: var(--colorDanger); }
    .error:empty { display: none; }
  `;

  const BRANDS = [
    { name: "visa", label: "Visa", start: /^4/ },
    { name: "mastercard", label: "Mastercard", start: /^(5[1-5]|2[2-7])/ },
    { name: "amex", label: "Amex", start: /^3[47]/, lengths: [15], cvc: 4, groups: /(\d{1,4})(\d{1,6})?(\d{1,5})?/ },
    { name: "diners", label: "Diners", start: /^3[0689]/, lengths: [14] },
    { name: "jcb", label: "JCB", start: /^35/ },
    { name: "discover", label: "Discover", start: /^6(?:011|4|5)/ },
    { name: "unionpay", label: "UnionPay", start: /^62/ },
  ];

  const UNKNOWN = { name: "unknown", label: "" };
  const digits = (text) => text.replace(/\D/g, "");
  const brandOf = (number) => BRANDS.find((brand) => brand.start.test(number)) ?? UNKNOWN;
  const lengthsOf = (brand) => brand.lengths ?? [16];
  const cvcLength = (brand) => brand.cvc ?? 3;

  function passesLuhn(number) {
    let sum = 0;
    [...number].reverse().forEach((digit, at) => {
      const value = Number(digit) * (at % 2 ? 2 : 1);
      sum += value > 9 ? value - 9 : value;
    });
    return sum % 10 === 0;
  }

  function formatNumber(number, brand) {
    if (brand.groups) {
      return (number.match(brand.groups) ?? []).slice(1).filter(Boolean).join(" ");
    }
    return number.replace(/(\d{4})(?=\d)/g, "$1 ");
  }

  function formatExpiry(text, deleting) {
    let value = digits(text).slice(0, 4);
    if (/^[2-9]/.test(value)) value = `0${value}`.slice(0, 4);
    if (value.length > 2 || (value.length === 2 && !deleting)) {
      return `${value.slice(0, 2)} / ${value.slice(2)}`;
    }
    return value;
  }

  // Each check answers "" when the field is fine, a sentence otherwise.
  const CHECKS = {
    number(text) {
      const number = digits(text);
      const brand = brandOf(number);
      if (!number) return "Enter your card number.";
      if (number.length < Math.min(...lengthsOf(brand))) return "Your card number is incomplete.";
      return passesLuhn(number) ? "" : "Your card number is not valid. Check it for a typing error.";
    },
    expiry(text) {
      const value = digits(text);
      if (!value) return "Enter the expiry date.";
      if (value.length < 4) return "The expiry date is incomplete.";
      const month = Number(value.slice(0, 2));
      const year = 2000 + Number(value.slice(2));
      if (month < 1 || month > 12) return "The expiry month is not valid.";
      const now = new Date();
      const past = year < now.getFullYear() || (year === now.getFullYear() && month < now.getMonth() + 1);
      if (past) return "Your card has expired.";
      return year > now.getFullYear() + 50 ? "The expiry year is not valid." : "";
    },
    cvc(text, number) {
      const value = digits(text);
      if (!value) return "Enter the security code.";
      return value.length < cvcLength(brandOf(digits(number))) ? "The security code is incomplete." : "";
    },
  };

  class PaymentElement {
    constructor(elements, options = {}) {
      this.elements = elements;
      this.options = options;
      this.listeners = new Map();
      this.host = document.createElement("div");
      this.root = this.host.attachShadow({ mode: "open" });
      this.fields = {};
      this.state = "";
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
      this.fields.number.input.focus();
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
      form.append(
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
      const empty = Object.values(this.fields).every(({ input }) => !input.value);
      const complete = Object.keys(this.fields).every((name) => !this.check(name));
      const state = `${empty}${complete}`;
      if (state === this.state) return;
      this.state = state;
      this.emit("change", { empty, complete, collapsed: false, value: { type: "card" } });
    }

    // Shows every mistake and moves to the first one.
    validate() {
      let first = null;
      for (const [name, { input, error }] of Object.entries(this.fields)) {
        const message = this.check(name);
        this.say(input, error, message);
        if (message && !first) first = { name, message, input };
      }
      first?.input.focus();
      return first && { type: "validation_error", code: `incomplete_${first.name}`, message: first.message };
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

  class Elements {
    constructor(options = {}) {
      this.options = { ...options };
      this.payment = null;
    }

    create(type, options) {
      if (type !== "payment") throw new Error(`This page knows no element of type \`${type}\`.`);
      if (this.payment) throw new Error("Can only create one Element of type payment.");
      this.payment = new PaymentElement(this, options);
      return this.payment;
    }

    getElement(type) {
      return type === "payment" ? this.payment : null;
    }

    update(options) {
      Object.assign(this.options, options);
      if (options.appearance) this.payment?.paint(this.options.appearance);
    }

    async submit() {
      const error = this.payment ? this.payment.validate() : { type: "validation_error", message: "There is no payment form." };
      return error ? { error } : { selectedPaymentMethod: "card" };
    }
  }

  // Nested parameters as the API reads them: `a[b][c]`.
  function encode(params, prefix = "", form = new URLSearchParams()) {
    for (const [name, value] of Object.entries(params)) {
      const path = prefix ? `${prefix}[${name}]` : name;
      if (value === undefined || value === null) continue;
      if (typeof value === "object") encode(value, path, form);
      else form.append(path, String(value));
    }
    return form;
  }

  // A dialog with the bank's page in it, for payments without a page to come back to.
  function showAction(url) {
    return new Promise((resolve) => {
      const dialog = document.createElement("dialog");
      dialog.style.cssText = "width:min(480px,100%);height:min(560px,90vh);padding:0;border:0;border-radius:12px;overflow:hidden";
      dialog.setAttribute("aria-label", "Confirm your payment");
      const frame = document.createElement("iframe");
      frame.src = url;
      frame.title = "Confirm your payment";
      frame.style.cssText = "width:100%;height:100%;border:0;display:block";
      dialog.append(frame);
      const end = () => {
        removeEventListener("message", heard);
        dialog.remove();
        resolve();
      };
      const heard = (event) => {
        if (event.origin === BASE && event.data?.type === "payment-action") end();
      };
      addEventListener("message", heard);
      dialog.addEventListener("close", end);
      document.body.append(dialog);
      dialog.showModal();
    });
  }

  class Client {
    constructor(key, options = {}) {
      if (!/^pk_/.test(key ?? "")) throw new Error("Please call Stripe() with your publishable key.");
      this.key = key;
      this.account = options.stripeAccount;
    }

    async request(method, path, params) {
      const form = encode({ ...params, key: this.key, _stripe_account: this.account });
      try {
        const answer = await fetch(
          method === "GET" ? `${BASE}${path}?${form}` : `${BASE}${path}`,
          method === "GET" ? {} : { method, body: form },
        );
        return await answer.json();
      } catch {
        return { error: { type: "api_connection_error", message: "We could not reach the payment service. Check your connection and try again." } };
      }
    }

    elements(options) {
      return new Elements(options);
    }

    async createConfirmationToken({ elements, params = {} } = {}) {
      const element = elements?.payment;
      if (!element) throw new Error("createConfirmationToken needs `elements` with a payment element.");
      const error = element.validate();
      if (error) return { error };
      const { payment_method_data: data = {}, return_url, shipping } = params;
      const answer = await this.request("POST", "/v1/confirmation_tokens", {
        payment_method_data: { ...data, type: "card", card: element.card() },
        return_url,
        shipping,
        setup_future_usage: elements.options.setupFutureUsage ?? undefined,
      });
      return answer.error ? { error: answer.error } : { confirmationToken: answer };
    }

    async retrievePaymentIntent(clientSecret) {
      const id = String(clientSecret).split("_secret_")[0];
      const answer = await this.request("GET", `/v1/payment_intents/${encodeURIComponent(id)}`, { client_secret: clientSecret });
      return answer.error ? { error: answer.error } : { paymentIntent: answer };
    }

    async handleNextAction({ clientSecret }) {
      const found = await this.retrievePaymentIntent(clientSecret);
      const action = found.paymentIntent?.next_action;
      if (found.error || !action) return found;
      if (action.type === "redirect_to_url") {
        location.assign(action.redirect_to_url.url);
        return new Promise(() => {});
      }
      await showAction(action.use_stripe_sdk.stripe_js);
      const after = await this.retrievePaymentIntent(clientSecret);
      const failed = after.paymentIntent?.status === "requires_payment_method";
      return failed ? { error: after.paymentIntent.last_payment_error } : after;
    }
  }

  window.Stripe = Object.assign((key, options) => new Client(key, options), { version: 3 });
})();
