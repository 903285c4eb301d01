import tseslint from "typescript-eslint";

export default tseslint.config({ ignores: ["node_modules/"] }, ...tseslint.configs.strict, {
  files: ["**/*.ts", "**/*.tsx"],
  rules: {
    "@typescript-eslint/no-non-null-assertion": "off",
    eqeqeq: "error",
    "no-restricted-globals": ["error", "fetch", "XMLHttpRequest", "WebSocket", "EventSource"],
    "max-lines": ["error", 600],
  },
});
