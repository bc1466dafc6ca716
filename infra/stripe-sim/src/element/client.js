// The part of Stripe.js's surface that a checkout page uses, so that the same page works with either.

const BASE = new URL(document.currentScript?.src ?? location.href).origin;

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
    this.payment?.offer();
  }

  async submit() {
    const error = this.payment ? this.payment.validate() : { type: "validation_error", message: "There is no payment form." };
    return error ? { error } : { selectedPaymentMethod: this.payment.method };
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
      payment_method_data: { ...data, ...element.data() },
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
