export { answerContent, emptyAnswer, outsideBody, rangeHeader } from "./content.ts";
export { type AnswerBody, Exchange } from "./exchange.ts";
export {
  type Attempt,
  headOf,
  type Loss,
  lost,
  type Meaning,
  readRetryAfter,
  refused,
  textOf,
  unsent,
  withoutSecrets,
} from "./failure.ts";
export { pause } from "./pause.ts";
export { lossOf, operationOf, type Write } from "./write.ts";
