import schema from "@trunks/sdk/schema.json" with { type: "json" };
import Ajv from "ajv/dist/2020.js";

/** The published schema, but that no member may be there which it does not name: what is new must be told. */
function closedSchema(): object {
  const defs = Object.entries(schema.$defs as Readonly<Record<string, object>>).map(([name, shape]) => [
    name,
    "properties" in shape ? { ...shape, additionalProperties: false } : shape,
  ]);
  return { ...schema, $defs: Object.fromEntries(defs) };
}

const validator = new Ajv.default({ allErrors: true, strict: false });
const documents = validator.compile(closedSchema());

/** Throws when a document is not as the schema says. */
export function checkAnswer<Answer>(answer: Answer): Answer {
  if (documents(answer)) return answer;
  const { object = "" } = answer as { readonly object?: string };
  if (!Object.hasOwn(schema.$defs, object)) throw new Error(`the schema has no object ${JSON.stringify(object)}`);
  // That of its own object says more than that none of all fits.
  const own = validator.compile({ $ref: `${schema.$id}#/$defs/${object}` });
  own(answer);
  throw new Error(`not as the schema says: ${validator.errorsText(own.errors)}\n${JSON.stringify(answer)}`);
}
