/** Numbers of SSH_FXP_STATUS: draft-ietf-secsh-filexfer-02, section 7. */
export const status = {
  endOfFile: 1,
  noSuchFile: 2,
  permissionDenied: 3,
  failure: 4,
  badMessage: 5,
  unsupported: 8,
} as const;

/** What a server answered instead of doing what it was asked. */
export class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = "Refusal";
    this.status = status;
  }
}

/** The connection ended, or was given up, before the answer came. */
export class ConnectionLost extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = "ConnectionLost";
  }
}

/** Whether the server refused with this number. */
export function isRefusal(error: unknown, number: number): error is Refusal {
  return error instanceof Refusal && error.status === number;
}
