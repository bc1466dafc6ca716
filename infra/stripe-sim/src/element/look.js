// How the form looks. It lives in a shadow root: the page's styles do not reach in, its `appearance.variables` do.

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
  fieldset { display: flex; gap: calc(var(--spacingUnit) * 2); margin: 0; padding: 0; border: 0; }
  legend { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .method { display: flex; align-items: center; gap: 8px; flex: 1; min-height: 48px; padding: 0 14px; cursor: pointer;
            border: 1px solid var(--colorBorder); border-radius: var(--borderRadius); }
  .method:has(:checked) { border-color: var(--colorPrimary); box-shadow: 0 0 0 1px var(--colorPrimary); }
  .method:focus-within { outline: 2px solid var(--colorPrimary); outline-offset: 1px; }
  .method input { width: auto; min-height: 0; margin: 0; accent-color: var(--colorPrimary); }
  .note { margin: 0; color: var(--colorTextSecondary); }
  [hidden] { display: none; }
  .error { margin: 0; font-size: .875em; color: var(--colorDanger); }
  .error:empty { display: none; }
`;
