// A receiver that verifies each webhook with libraries nobody here wrote, and says what it found.
// Reads one JSON line {"secret": …} or {"publicKey": …} from its arguments; prints its port, then one line a request.
import { createPublicKey, verify as verifySignature } from "node:crypto";
import { createServer } from "node:http";
import { Webhook as StandardWebhook } from "standardwebhooks";
import { Webhook as SvixWebhook } from "svix";

const { secret, publicKey } = JSON.parse(process.argv[2]);
const ED25519_SPKI = Buffer.from("302a300506032b6570032100", "hex");

function checks(body, headers) {
  if (publicKey) return { "node:crypto": () => verifyEd25519(body, headers) };
  return {
    standardwebhooks: () => new StandardWebhook(secret).verify(body, headers),
    svix: () => new SvixWebhook(secret).verify(body, headers),
  };
}

function verifyEd25519(body, headers) {
  const raw = Buffer.from(publicKey.replace(/^whpk_/, ""), "base64");
  const key = createPublicKey({ key: Buffer.concat([ED25519_SPKI, raw]), format: "der", type: "spki" });
  const content = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`;
  const signatures = headers["webhook-signature"].split(" ").filter((one) => one.startsWith("v1a,"));
  if (!signatures.some((one) => verifySignature(null, Buffer.from(content), key, Buffer.from(one.slice(4), "base64")))) {
    throw new Error("no v1a signature matches");
  }
}

const server = createServer(async (request, response) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  const body = Buffer.concat(parts).toString("utf8");
  const found = {};
  for (const [name, check] of Object.entries(checks(body, request.headers))) {
    try {
      check();
      found[name] = "verified";
    } catch (error) {
      found[name] = String(error.message);
    }
  }
  console.log(JSON.stringify({ id: request.headers["webhook-id"], found }));
  response.writeHead(Object.values(found).every((one) => one === "verified") ? 204 : 401).end();
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
