// What the firewall needs to know of the Docker engine, asked for when it may have changed.
import { readFile } from 'node:fs/promises';
import type { Engine } from '../docker/engine.js';
import { flagsOf, runningDockerd } from '../docker/flags.js';
import { readDocument } from '../docker/json-document.js';
import type { DockerSettings } from '../docker/settings.js';
import type { EngineFacts } from '../firewall/desired.js';

// Events tell when the engine may be another one. This is for what no event tells: that it is gone.
const longestAgeMs = 20_000;

/** EngineFactsReader holds the newest facts. */
export class EngineFactsReader {
  readonly #engine: Engine;
  readonly #settings: DockerSettings;
  #facts: EngineFacts | undefined;
  #version = '';
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(engine: Engine, settings: DockerSettings) {
    this.#engine = engine;
    this.#settings = settings;
  }

  /** facts are those of the last reading; undefined before the first. */
  get facts(): EngineFacts | undefined {
    return this.#facts;
  }

  /** version is the engine's version as it was last told: "28.5.2"; empty before it ever answered. */
  get version(): string {
    return this.#version;
  }

  /** forget has the next read() ask the engine: it may have been started, stopped or set up anew. */
  forget(): void {
    this.#readAt = Number.NEGATIVE_INFINITY;
  }

  /** read asks the engine, unless it was asked a moment ago. One that does not answer is not running. */
  async read(signal: AbortSignal): Promise<EngineFacts> {
    const now = performance.now();
    if (this.#facts !== undefined && now - this.#readAt < longestAgeMs) return this.#facts;
    // Set first: what is forgotten while the engine is being asked is asked for again.
    this.#readAt = now;
    try {
      const [version, info, iptables] = await Promise.all([
        this.#engine.version(signal),
        this.#engine.info(signal),
        this.#iptables(),
      ]);
      this.#version = version.version;
      this.#facts = { running: true, major: version.major, firewallBackend: info.firewallBackend, iptables };
    } catch {
      this.#facts = { running: false };
    }
    return this.#facts;
  }

  // dockerd's --iptables, or the key of its file. What can't be read counts as not set: true is the default.
  async #iptables(): Promise<boolean | undefined> {
    const dockerd = await runningDockerd(this.#settings.pidFile).catch(() => undefined);
    const flags = flagsOf(dockerd?.argv ?? []);
    const flag = flags.get('iptables');
    if (flag !== undefined) return flag !== 'false';
    const path = this.#settings.daemonJson ?? flags.get('config-file') ?? '/etc/docker/daemon.json';
    const document = readDocument(await readFile(path).catch(() => undefined));
    if (!('properties' in document)) return undefined;
    const property = document.properties.find(({ name }) => name === 'iptables');
    return property === undefined ? undefined : document.text.slice(property.valueStart, property.end) !== 'false';
  }
}
