import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["node_modules/"] },
  ...tseslint.configs.strict,
  {
    files: ["**/*.ts", "**/*.tsx"],
    rules: {
      "@typescript-eslint/no-non-null-assertion": "off",
      eqeqeq: "error",
      // The network, and what exists only in secure contexts.
      "no-restricted-globals": [
        "error",
        "fetch",
        "XMLHttpRequest",
        "WebSocket",
        "EventSource",
        "SharedArrayBuffer",
        "caches",
        "isSecureContext",
      ],
      "no-restricted-properties": [
        "error",
        { property: "clipboard", message: "secure contexts alone have it" },
        { property: "subtle", message: "secure contexts alone have it" },
        { property: "serviceWorker", message: "secure contexts alone have it" },
        { property: "randomUUID", message: "secure contexts alone have it" },
      ],
      "max-lines": ["error", 600],
    },
  },
  {
    // The one place that asks the server.
    files: ["view/stream.ts"],
    rules: { "no-restricted-globals": "off" },
  },
);
