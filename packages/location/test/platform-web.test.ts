import { MemoryBackend } from "@trunks/core/memory";
import { expect, test, vi } from "vitest";
import { openLocation } from "../src/open.ts";

vi.mock("../src/platform.ts", () => import("../src/platform/web.ts"));

test("where no package can be looked for, a backend that was handed over opens its URLs", async () => {
  const held = { schemes: ["held"], openBackend: async () => new MemoryBackend() };
  const { name, backend } = await openLocation("held://here/my-app", { environment: {}, backends: [held] });
  expect([name, backend.name]).toEqual(["my-app", "memory"]);
  expect((await openLocation("memory:///my-app", { environment: {} })).backend.name).toBe("memory");
});

test.each(["s3://bucket/my-app", "local:///folder/my-app", "other://here/my-app"])(
  "%s alone is refused",
  async (url) => {
    await expect(openLocation(url, { environment: {} })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      hint: expect.stringContaining("{ backends: [backend] }"),
    });
  },
);
