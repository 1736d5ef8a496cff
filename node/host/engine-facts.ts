// Reads the facts about the Docker engine that the firewall needs, again when they may have changed.
import { readFile } from 'node:fs/promises';
import type { Engine } from '../docker/engine/engine.js';
import { flagsOf, runningDockerd } from '../docker/engine/flags.js';
import { readDocument } from '../docker/engine/json-document.js';
import type { DockerSettings } from '../docker/engine/settings.js';
import type { EngineFacts } from '../firewall/desired.js';

// Docker's events show a restart. This limit covers an engine that stopped, which sends no event.
const longestAgeMs = 20_000;

/** EngineFactsReader reads the facts, and holds the newest ones. */
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

  /** version is the engine's last known version: "28.5.2"; empty before its first answer. */
  get version(): string {
    return this.#version;
  }

  /** forget makes the next read() ask the engine, which may have been started, stopped or reconfigured. */
  forget(): void {
    this.#readAt = Number.NEGATIVE_INFINITY;
  }

  /** read asks the engine, unless the facts are recent. An engine that does not answer counts as not running. */
  async read(signal: AbortSignal): Promise<EngineFacts> {
    const now = performance.now();
    if (this.#facts !== undefined && now - this.#readAt < longestAgeMs) return this.#facts;
    // Set first, so that a forget() during the request causes another request.
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

  // dockerd's --iptables, or the key of daemon.json. Unreadable counts as unset; the default is true.
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
