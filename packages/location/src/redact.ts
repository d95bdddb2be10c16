/** Names of query parameters and options whose values are never shown. `accessKey` is no secret, and is masked as well. */
const secretName = /secret|passw|passphrase|pwd|token|key|signature|^sig$|credential|sas|auth|connection-?string/i;
const mask = "***";

/** Whether the value of a query parameter or an option of this name must not be shown. */
export function isSecretName(name: string): boolean {
  return secretName.test(name);
}

/**
 * `text` with the secrets of the URLs in it masked: the password before the host, of `http` and `https` the user as
 * well, which may be a token, and the values of query parameters with names that promise secrets. `text` need not be a
 * URL: where it is not clear how far a password goes, more is masked rather than less.
 */
export function redactUrl(text: string): string {
  return text
    .replace(/(https?:\/\/)[^\s/?#@]*@/gi, `$1${mask}@`)
    .replace(/:\/\/([^\s/?#:@]*):\S*@/g, `://$1:${mask}@`)
    .replace(/([?&])([^\s=&#]+)=([^\s&#]*)/g, (whole, mark: string, name: string) =>
      secretName.test(decoded(name)) ? `${mark}${name}=${mask}` : whole,
    );
}

/** `url` without its secrets, and with its query in a fixed order: for cache keys. */
export function withoutSecrets(url: URL): URL {
  const bare = new URL(url);
  bare.password = "";
  const kept = [...bare.searchParams].filter(([name]) => !secretName.test(name)).sort(([a], [b]) => (a < b ? -1 : 1));
  bare.search = new URLSearchParams(kept).toString();
  return bare;
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
