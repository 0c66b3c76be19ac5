// What `make lint-js` asks of the report's script. It is several files in one, so what one gives the others know.

const names = (list, how) => Object.fromEntries(list.split(" ").map((name) => [name, how]));

export default [
  { ignores: ["**/echarts.min.js"] },
  {
    files: ["python/driftline/report/static/**/*.js"],
    languageOptions: {
      sourceType: "script",
      globals: names(
        "Blob DecompressionStream IntersectionObserver ResizeObserver Response URL atob document driftline echarts getComputedStyle localStorage matchMedia performance setTimeout window",
        "readonly",
      ),
    },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      ...names(
        "array-callback-return default-case-last eqeqeq no-cond-assign no-const-assign no-constant-condition no-dupe-args no-dupe-class-members no-dupe-else-if no-dupe-keys "
          + "no-empty no-eval no-fallthrough no-func-assign no-implicit-globals no-implied-eval no-self-assign no-shadow no-sparse-arrays no-undef no-unreachable no-unused-expressions "
          + "no-unused-vars no-useless-return no-var prefer-const use-isnan valid-typeof",
        "error",
      ),
    },
  },
  // The one name that is shared begins here.
  { files: ["**/static/numbers.js"], languageOptions: { globals: { driftline: "off" } }, rules: { "no-implicit-globals": "off" } },
];
