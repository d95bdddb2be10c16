import { BlobServiceClient, StorageSharedKeyCredential } from "@azure/storage-blob";
import { openAzure } from "@trunks/backend-azure";
import { type AzureAddress, startAzurite } from "@trunks/test-servers";
import { partSizeBytes, readConcurrency, type SegmentStore, writeConcurrency } from "./segment-store.ts";

export const azure: SegmentStore<AzureAddress & Record<string, unknown>> = {
  server: "Azurite",
  client: "@azure/storage-blob: uploadFile, downloadToBuffer",
  start: async () => ({ ...(await startAzurite()) }),
  openBackend: async ({ account, accountKey, endpoint, container }) =>
    await openAzure({ account, accountKey, endpoint, container }),
  async openVendor({ account, accountKey, endpoint, container }) {
    const credential = new StorageSharedKeyCredential(account, accountKey);
    const client = new BlobServiceClient(endpoint, credential).getContainerClient(container);
    const blockSize = partSizeBytes;
    return {
      async upload(key, file) {
        await client.getBlockBlobClient(key).uploadFile(file, { blockSize, concurrency: writeConcurrency });
      },
      async download(key, size) {
        const options = { blockSize, concurrency: readConcurrency };
        await client.getBlobClient(key).downloadToBuffer(0, size, options);
      },
      close: async () => {},
    };
  },
};
