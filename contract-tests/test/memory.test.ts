import { MemoryBackend } from "@trunks/core/memory";
import { describeContract } from "../src/vitest.ts";

const store = new MemoryBackend();

describeContract("memory", async () => new MemoryBackend({ storeOf: store }), { needs: { ownStore: true } });
