// What the form offers, knows of cards, and checks.

// The ways to pay that this form offers, as far as the payment allows: what captures by itself cannot be reserved.
const METHODS = [
  { type: "card", label: "Card", fits: () => true },
  { type: "ideal", label: "iDEAL", fits: ({ currency, captureMethod }) => /^eur$/i.test(currency ?? "") && captureMethod !== "manual" },
];

const methodsFor = (options) =>
  METHODS.filter((method) => (options.paymentMethodTypes ?? ["card", "ideal"]).includes(method.type) && method.fits(options));

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
