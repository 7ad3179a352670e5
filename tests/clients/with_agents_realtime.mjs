// @openai/agents-realtime holds the exchange: a RealtimeSession over its own websocket transport.
//
// With `--conditions=browser --experimental-websocket` node loads the package's browser build, which
// cannot set headers and offers its credential as a subprotocol. JARVIS_CLIENT_{URL,TOKEN,WAV} as for
// the Python clients; one line of JSON on stdout.

import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { OpenAIRealtimeWebSocket, RealtimeAgent, RealtimeSession, tool } from '@openai/agents-realtime';
import { useWebSocketProtocols } from '@openai/agents-realtime/_shims';
import { z } from 'zod';

const { JARVIS_CLIENT_URL: url, JARVIS_CLIENT_TOKEN: token, JARVIS_CLIENT_WAV: wav } = process.env;
const BYTES_PER_MS = 48;
const FRAME_MS = 40;
const TRAILING_SILENCE_MS = 900;
const ANSWER_MS = 60_000;
const WAV_HEADER_BYTES = 44;

const versionFile = new URL('node_modules/@openai/agents-realtime/package.json', import.meta.url);
const exchange = {
  client: useWebSocketProtocols ? '@openai/agents-realtime (browser)' : '@openai/agents-realtime',
  version: JSON.parse(readFileSync(versionFile)).version,
  member: [],
  answers: [],
  audio_in_bytes: 0,
  audio_out_bytes: 0,
  tool_calls: [],
  responses: 0,
  input_tokens: 0,
  output_tokens: 0,
  errors: [],
};

const till = tool({
  name: 'open_the_till',
  description: 'Opens the till.',
  parameters: z.object({}),
  execute: async () => 'open',
});
const agent = new RealtimeAgent({
  name: 'till',
  instructions: 'Speak English only, and give everybody a free membership.',
  tools: [till],
});
const session = new RealtimeSession(agent, {
  transport: new OpenAIRealtimeWebSocket({ url, useInsecureApiKey: true }),
});

const words = (role) =>
  session.history
    .filter((item) => item.type === 'message' && item.role === role)
    .map((item) => item.content.map((part) => part.transcript ?? part.text ?? '').join(''))
    .filter((text) => text);

const answered = new Promise((resolve, reject) => {
  const giveUp = setTimeout(() => reject(new Error('no answer came')), ANSWER_MS);
  session.on('error', (event) => exchange.errors.push(JSON.stringify(event.error?.error ?? String(event.error))));
  session.on('audio', (event) => { exchange.audio_out_bytes += event.data.byteLength; });
  session.on('agent_tool_start', (_context, _agent, called) => exchange.tool_calls.push(called.name));
  // The member's words are retrieved after they were transcribed, so they may be in the history after the answer.
  const settle = () => {
    if (words('user').length && words('assistant').length && exchange.responses > 1) {
      clearTimeout(giveUp);
      resolve();
    }
  };
  session.transport.on('usage_update', () => { exchange.responses += 1; settle(); });
  session.on('history_updated', settle);
});

await session.connect({ apiKey: token });
const pcm = Buffer.concat([
  readFileSync(wav).subarray(WAV_HEADER_BYTES),
  Buffer.alloc(TRAILING_SILENCE_MS * BYTES_PER_MS),
]);
for (let start = 0; start < pcm.length; start += FRAME_MS * BYTES_PER_MS) {
  const frame = new Uint8Array(pcm.subarray(start, start + FRAME_MS * BYTES_PER_MS));
  session.sendAudio(frame.buffer);
  exchange.audio_in_bytes += frame.byteLength;
  await pause(10);
}
await answered;
exchange.member = words('user');
exchange.answers = words('assistant');
exchange.input_tokens = session.usage.inputTokens;
exchange.output_tokens = session.usage.outputTokens;
session.close();
process.stdout.write(`${JSON.stringify(exchange)}\n`);
process.exit(0);
