/** The greetings on offer: BCP 47 primary language → template with one `{name}`. */
export const CATALOGUE = new Map([
  ["de", "Guten Tag, {name}!"],
  ["en", "Hello, {name}!"],
  ["es", "¡Hola, {name}!"],
  ["fr", "Bonjour, {name} !"],
  ["is", "Halló, {name}!"],
  ["ja", "こんにちは、{name}さん！"],
  ["pt", "Olá, {name}!"],
  ["sv", "Hej, {name}!"],
]);
