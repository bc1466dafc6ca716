// A card form with the surface of Stripe.js, for the preview alone.
window.Stripe = () => {
  let number;
  return {
    elements: () => ({
      create: () => ({
        mount(target) {
          const label = document.createElement("label");
          label.textContent = "Card number";
          number = document.createElement("input");
          number.value = "4242 4242 4242 4242";
          number.inputMode = "numeric";
          label.append(number);
          target.append(label);
        },
      }),
      submit: async () => (number.value ? {} : { error: { message: "Your card number is incomplete." } }),
    }),
    createConfirmationToken: async () => ({ confirmationToken: { id: `ctoken_${number.value.slice(-4)}` } }),
    handleNextAction: async () => ({}),
  };
};
