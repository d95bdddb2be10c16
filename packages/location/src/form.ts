import { TrunksError } from "@trunks/core";
import { type FieldName, type StorageField, storageFields, type UrlPart } from "./field.ts";
import { parseRoot } from "./location.ts";
import { schemeRules } from "./scheme.ts";
import { optionName } from "./storage.ts";

/** What is known of a store, by field. */
export type FormValues = Readonly<Partial<Record<FieldName, string>>>;

/** The option of a backend that a field is; `undefined` for a part of the URL. */
export function fieldOption(name: FieldName): string | undefined {
  const { urlPart, option }: StorageField = storageFields[name];
  return urlPart === undefined ? (option ?? optionName(name)) : undefined;
}

/** The store's URL, from the fields that are parts of it. Throws `CONFIG_INVALID` for values that fit into no URL. */
export function formUrl(scheme: string, values: FormValues): string {
  const parts: Partial<Record<UrlPart, string>> = {};
  for (const [name, value] of Object.entries(values) as [FieldName, string][]) {
    const { urlPart }: StorageField = storageFields[name];
    if (urlPart !== undefined && value !== "") parts[urlPart] = value;
  }
  const { user, host = "", port, segment, path = "" } = parts;
  if (port !== undefined && !/^[0-9]{1,5}$/.test(port)) throw invalid("port", port);
  // What would end the name and begin another part of the URL.
  if (/[\s/\\?#@%]/.test(host)) throw invalid("name", host);
  const name = host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
  const authority = `${user === undefined ? "" : `${encodeURIComponent(user)}@`}${name}${port === undefined ? "" : `:${port}`}`;
  const segments = [...(segment === undefined ? [] : [segment]), ...path.split("/").filter((part) => part !== "")];
  const url = `${scheme}://${authority}${segments.map((part) => `/${encodeURIComponent(part)}`).join("")}`;
  return parseRoot(authority === "" && segments.length === 0 ? `${url}/` : url).href;
}

/** The inverse of `formUrl`: which fields a URL fills. Its query belongs to none of them. */
export function formValues(text: string): FormValues {
  const url = parseRoot(text);
  const scheme = url.protocol.slice(0, -1);
  const { form, rootSegments } = schemeRules(scheme);
  const segments = url.pathname.split("/").filter(Boolean).map(decodeURIComponent);
  const parts: Record<UrlPart, string> = {
    user: decodeURIComponent(url.username),
    host: url.hostname,
    port: url.port,
    segment: segments.slice(0, rootSegments).join("/"),
    path: segments.slice(rootSegments).join("/"),
  };
  const values: Partial<Record<FieldName, string>> = {};
  for (const name of [...form.asked, ...form.others]) {
    const { urlPart }: StorageField = storageFields[name];
    if (urlPart !== undefined && parts[urlPart] !== "") values[name] = parts[urlPart];
  }
  return values;
}

function invalid(what: string, value: string): TrunksError {
  return new TrunksError("CONFIG_INVALID", `not a ${what}: ${JSON.stringify(value)}`);
}
