// What the firewall needs to know of the Docker engine, asked for when it may have changed.
import { readFile } from 'node:fs/promises';
import type { Engine } from '../docker/engine.js';
import { flagsOf, runningDockerd } from '../docker/flags.js';
import { readDocument } from '../docker/json-document.js';
import type { DockerSettings } from '../docker/settings.js';
import type { EngineFacts } from '../firewall/desired.js';

/** EngineFactsReader holds the newest facts. */
export class EngineFactsReader {
  readonly #engine: Engine;
  readonly #settings: DockerSettings;
  #facts: EngineFacts | undefined;
  #version = '';

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

  /** read asks the engine. One that does not answer is not running. */
  async read(signal: AbortSignal): Promise<EngineFacts> {
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
