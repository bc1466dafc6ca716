// The provider's payment form, by the surface of Stripe.js: the same code with a real account and in the demo.

import type { Payment } from "./store";

export interface PaymentError {
  type?: string;
  message?: string;
  code?: string;
}

interface Elements {
  create(kind: "payment", options?: Record<string, unknown>): { mount(target: string | HTMLElement): void };
  submit(): Promise<{ error?: PaymentError }>;
}

interface Provider {
  elements(options: Record<string, unknown>): Elements;
  createConfirmationToken(options: {
    elements: Elements;
    params?: Record<string, unknown>;
  }): Promise<{ error?: PaymentError; confirmationToken?: { id: string } }>;
  handleNextAction(options: { clientSecret: string }): Promise<{ error?: PaymentError }>;
}

type ProviderFactory = (key: string, options?: Record<string, unknown>) => Provider;

declare global {
  interface Window {
    Stripe?: ProviderFactory;
  }
}

function load(url: string): Promise<ProviderFactory> {
  if (window.Stripe) return Promise.resolve(window.Stripe);
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = url;
    script.addEventListener("load", () =>
      window.Stripe ? resolve(window.Stripe) : reject(new Error("no payment form")),
    );
    script.addEventListener("error", () => reject(new Error("no payment form")));
    document.head.append(script);
  });
}

/** The form's colours and faces, from the page's own. */
function appearance(): Record<string, unknown> {
  const style = getComputedStyle(document.documentElement);
  const role = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    theme: style.colorScheme.includes("dark") ? "night" : "stripe",
    variables: {
      colorPrimary: role("accent"),
      colorBackground: role("background"),
      colorText: role("text"),
      colorTextSecondary: role("muted"),
      colorDanger: role("danger"),
      // Where the form is a frame of its own it has not the page's face, and takes the next of the list.
      fontFamily: getComputedStyle(document.body).fontFamily,
      borderRadius: role("radius") || "0px",
      spacingUnit: "4px",
    },
  };
}

export interface PaymentForm {
  /** A confirmation token for what was entered. */
  token(email: string): Promise<{ id: string } | { problem: string }>;
  /** The bank's own step; answers with what went wrong, if anything did. */
  action(clientSecret: string): Promise<string | null>;
}

export async function mountPayment(
  url: string,
  payment: Payment,
  target: HTMLElement,
  locale: string,
): Promise<PaymentForm> {
  const factory = await load(url);
  const provider = factory(payment.publishable_key, {
    ...(payment.account ? { stripeAccount: payment.account } : {}),
    locale: locale.split("-")[0],
  });
  const elements = provider.elements({
    mode: "payment",
    amount: payment.amount,
    currency: payment.currency.toLowerCase(),
    // Cards wait for the capture all the same: the payment itself says so.
    captureMethod: "automatic_async",
    appearance: appearance(),
  });
  elements.create("payment", { layout: "tabs" }).mount(target);
  return {
    async token(email) {
      const entered = await elements.submit();
      // What is wrong in a field the form says beside it.
      const told = entered.error?.type === "validation_error";
      if (entered.error) return { problem: told ? "" : (entered.error.message ?? "") };
      const return_url = `${location.origin}${location.pathname}`;
      const params = { payment_method_data: { billing_details: { email } }, return_url };
      const { error, confirmationToken } = await provider.createConfirmationToken({ elements, params });
      if (!confirmationToken) return { problem: error?.message ?? "" };
      return { id: confirmationToken.id };
    },
    async action(clientSecret) {
      const { error } = await provider.handleNextAction({ clientSecret });
      return error ? (error.message ?? "") : null;
    },
  };
}
