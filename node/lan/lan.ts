// LAN mode on a host: the interface with the node's address becomes a port of a bridge, which gets the host's addresses
// and routes. Containers on that bridge are on the hosts' own network.
// Invariant: a move is written to the journal before it begins, and is one batch of requests to the kernel. It stays
// only if every witness that answered before it answers after it; otherwise it is undone. If the daemon is killed at
// any point, the next turn ends in one of the two states.
import { messageOf } from '../../proto/errors.js';
import { noSteps, type Steps } from '../../proto/process/steps.js';
import type { Effect, Finding, Outcome } from '../reconcile/effect.js';
import { type DesiredLan, decideLan, foundMove, type LanSeen, type LanStep, linksWith, pairNames } from './decide.js';
import {
  emptyLanJournal,
  isUnproven,
  type LanJournal,
  type Moved,
  readLanJournal,
  writeLanJournal,
} from './journal.js';
import { refusedFinding, returnInterface, switchInterface } from './move.js';
import { nobodyAnswers, type PortFacts, rolledBack } from './obstacles.js';
import type { LanOptions } from './options.js';
import { type LanLink, type LanSnapshot, linkNamed } from './snapshot.js';
import { addingHeld, heldBy, planTransfer, sameHeld } from './transfer.js';
import { answeringNow, gatewayWitnesses, type LanWitness, silentAfter } from './witness.js';

const nothing: Outcome = { findings: [], changes: 0 };
const mostRounds = 6;

function outcome(changes: number, ...findings: readonly Finding[]): Outcome {
  return { findings, changes, ...(findings.some(({ isNote }) => isNote !== true) ? { inForce: false } : {}) };
}

/** LanEffect keeps the bridge as desired; `undefined` is desired where the node has no lease of LAN mode. */
export class LanEffect implements Effect<DesiredLan | undefined> {
  readonly name = 'lan';
  readonly #options: LanOptions;
  readonly #steps: Steps;
  #byHand = false;
  /** Index of a bridge that was verified: known also while the journal can't be written. */
  #verified: number | undefined;

  constructor(options: LanOptions) {
    this.#options = options;
    this.#steps = options.steps ?? noSteps;
  }

  /** retry makes the next turn repeat a move that was undone, at an operator's request. */
  retry(): void {
    this.#byHand = true;
  }

  /** remove gives the interface its addresses and routes back, also if the journal is lost. Findings say what prevents it. */
  async remove(signal: AbortSignal): Promise<Outcome> {
    const journal = await readLanJournal(this.#options.stateFolder);
    const moved = journal.moved ?? foundMove(await this.#options.kernel.read(), this.#options.boot);
    if (moved !== journal.moved) await this.#write({ ...journal, moved });
    return this.converge(undefined, signal);
  }

  async converge(desired: DesiredLan | undefined, signal: AbortSignal): Promise<Outcome> {
    let changes = 0;
    for (let round = 1; round <= mostRounds; round += 1) {
      const journal = await readLanJournal(this.#options.stateFolder);
      this.#tell(journal);
      // A move that can't be verified any more is undone.
      if (signal.aborted && !isUnproven(journal)) break;
      if (desired === undefined && journal.moved === undefined) {
        if (journal.givenUp !== undefined) await this.#write(emptyLanJournal);
        break;
      }
      const snapshot = await this.#options.kernel.read();
      // Left by a kill: packets must not be forwarded to an interface that is about to be deleted.
      if (linkNamed(snapshot, pairNames[1]) !== undefined) await this.#options.detour.end();
      const facts = await this.#facts(desired, snapshot);
      const seen: LanSeen = {
        snapshot,
        journal,
        boot: this.#options.boot,
        factsOf: ({ ifindex }) => facts.get(ifindex),
      };
      const step = decideLan(desired, seen);
      if (step.do === 'nothing') return this.#rest(step, seen, changes);
      const taken = await this.#take(step, desired, seen, signal);
      changes += taken.changes;
      if (taken.findings.length > 0) return { ...taken, changes };
    }
    return { ...nothing, changes };
  }

  // The obstacles of interfaces that may have to become a port: none once an interface is a port.
  async #facts(desired: DesiredLan | undefined, snapshot: LanSnapshot): Promise<ReadonlyMap<number, PortFacts>> {
    const facts = new Map<number, PortFacts>();
    if (desired === undefined) return facts;
    for (const port of linksWith(snapshot, desired.address)) {
      if (port.kind !== 'bridge') facts.set(port.ifindex, await this.#options.factsOf(port, desired.bridgeName));
    }
    return facts;
  }

  async #rest(step: LanStep & { readonly do: 'nothing' }, seen: LanSeen, changes: number): Promise<Outcome> {
    const { moved } = seen.journal;
    const { bridge, ours, findings } = step;
    if (bridge !== undefined && ours === true && moved !== undefined) {
      const held = heldBy(seen.snapshot, bridge);
      if (!sameHeld(held, moved.held) || moved.bridgeIndex !== bridge.ifindex || moved.boot !== this.#options.boot) {
        const { boot } = this.#options;
        await this.#write({ ...seen.journal, moved: { ...moved, boot, bridgeIndex: bridge.ifindex, held } });
      }
    }
    return outcome(changes, ...findings);
  }

  async #take(
    step: Exclude<LanStep, { readonly do: 'nothing' }>,
    desired: DesiredLan | undefined,
    seen: LanSeen,
    signal: AbortSignal,
  ): Promise<Outcome> {
    switch (step.do) {
      case 'move':
        return desired === undefined ? nothing : this.#move(step, desired, seen, signal);
      case 'verify':
        return desired === undefined ? nothing : this.#verify(step, desired, seen, signal);
      case 'repair':
        return this.#repair(step, desired, seen, signal);
      case 'return': {
        const kept = await this.#options.whyKept?.(step.bridge.name);
        return kept === undefined ? this.#return(step, seen.journal, undefined) : outcome(0, kept);
      }
      case 'restore':
        return this.#restore(step, seen.journal);
      case 'forget':
        await this.#write({ ...seen.journal, moved: undefined });
        return nothing;
    }
  }

  async #move(
    { port, bridge }: LanStep & { readonly do: 'move' },
    desired: DesiredLan,
    { snapshot, journal }: LanSeen,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const { boot, log } = this.#options;
    const inputs = inputsOf(desired, port);
    if (journal.givenUp?.inputs === inputs && !this.#byHand) return outcome(0, rolledBack(journal.givenUp.message));
    this.#byHand = false;
    await this.#options.untilAdmitted?.(desired.bridgeName, signal);
    const proven = journal.moved?.proven ?? false;
    const witnesses = proven ? [] : await answeringNow(this.#witnesses(snapshot, port), port, signal);
    if (signal.aborted) return nothing;
    if (!proven && witnesses.length === 0) return outcome(0, nobodyAnswers(port));
    const begun: Moved = {
      bridge: desired.bridgeName,
      bridgeIndex: bridge?.ifindex ?? 0,
      port: port.name,
      mac: port.mac,
      phase: 'moving',
      proven,
      witnesses,
      boot,
      held: heldBy(snapshot, port),
    };
    await this.#write({ moved: begun, givenUp: undefined });
    await this.#steps.reached('journaled');
    log?.info({ port: port.name, bridge: desired.bridgeName, witnesses }, 'the interface becomes the port of a bridge');
    const made = await switchInterface({ ...this.#options, steps: this.#steps }, port, {
      present: bridge,
      name: desired.bridgeName,
    });
    if ('refused' in made) {
      await this.#write({ moved: undefined, givenUp: undefined });
      return outcome(0, refusedFinding(desired.bridgeName, made.refused));
    }
    const phase = proven ? 'in place' : 'moving';
    await this.#write({ moved: { ...begun, bridgeIndex: made.bridge.ifindex, phase }, givenUp: undefined });
    await this.#steps.reached('moved');
    return { findings: [], changes: 1 };
  }

  #witnesses(snapshot: LanSnapshot, link: LanLink): readonly LanWitness[] {
    return [...this.#options.witnesses(), ...gatewayWitnesses(this.#options.kernel, snapshot, link)];
  }

  async #verify(
    { port, bridge }: LanStep & { readonly do: 'verify' },
    desired: DesiredLan,
    { snapshot, journal }: LanSeen,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const { waitMs, boot, log } = this.#options;
    const { moved } = journal;
    // If xnetd was killed right after the batch, the bridge still has the settings for it (see loosen).
    this.#options.copySettings(port, bridge);
    const names = moved?.witnesses ?? [];
    const all = this.#witnesses(snapshot, bridge);
    // The journal is lost, and with it the names of the witnesses that answered.
    const asked = moved === undefined ? [] : all.filter(({ name }) => names.includes(name));
    const gone = names.filter((name) => !all.some((each) => each.name === name));
    const isVerified = this.#verified === bridge.ifindex;
    const silent = isVerified ? [] : [...gone, ...(await silentAfter(asked, bridge, waitMs, signal))];
    if (silent.length > 0) {
      const why = signal.aborted
        ? 'xnetd was stopped before the move was verified'
        : `${silent.join(' and ')} did not answer within ${waitMs / 1000} s after ${port.name} became a port of ${bridge.name}`;
      log?.error({ port: port.name, bridge: bridge.name, silent }, 'undoing the move');
      const message = `${why}: the addresses are on ${port.name} again`;
      // Stopping the daemon does not mean that the move failed: the next start tries again.
      const givenUp = signal.aborted ? undefined : { inputs: inputsOf(desired, port), message };
      const back = await this.#return({ do: 'return', port, bridge }, journal, givenUp);
      return back.findings.length > 0 ? back : outcome(back.changes, rolledBack(message));
    }
    this.#verified = bridge.ifindex;
    const held = heldBy(snapshot, bridge);
    const base = { bridge: bridge.name, port: port.name, mac: port.mac, witnesses: names };
    await this.#write({
      moved: { ...base, bridgeIndex: bridge.ifindex, phase: 'in place', proven: true, boot, held },
      givenUp: undefined,
    });
    await this.#steps.reached('verified');
    log?.info({ port: port.name, bridge: bridge.name, answered: names }, 'the move is verified');
    // A change, because Docker's network waits for it.
    return { findings: [], changes: 1 };
  }

  async #repair(
    step: LanStep & { readonly do: 'repair' },
    desired: DesiredLan | undefined,
    seen: LanSeen,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const { kernel, log } = this.#options;
    const { port, bridge, requests, sweep } = step;
    const swept = sweep ? planTransfer(seen.snapshot, port, bridge) : undefined;
    const moving = swept === undefined ? [] : [...swept.adding, ...swept.defaults, ...swept.switching];
    const all = [...requests, ...moving];
    const refused = kernel.change(all);
    log?.warn({ bridge: bridge.name, what: all.map(({ what }) => what).slice(0, 10) }, 'repaired');
    const findings = refused.length > 0 ? [refusedFinding(bridge.name, refused)] : [];
    const changes = refused.length > 0 ? 0 : all.length;
    if (desired === undefined || !isUnproven(seen.journal)) return outcome(changes, ...findings);
    // A refused change, or a program that keeps undoing changes, must not delay the verification.
    const now = { ...seen, snapshot: await kernel.read() };
    const verdict = await this.#verify({ do: 'verify', port, bridge }, desired, now, signal);
    return outcome(changes + verdict.changes, ...findings, ...verdict.findings);
  }

  async #return(
    { port, bridge }: LanStep & { readonly do: 'return' },
    journal: LanJournal,
    givenUp: LanJournal['givenUp'],
  ): Promise<Outcome> {
    const { moved } = journal;
    // Without this entry the next turn decides the same, so a full disk does not cut a host off its network.
    if (moved !== undefined) {
      await this.#write({ moved: { ...moved, phase: 'returning' }, givenUp }).catch((error: unknown) =>
        this.#options.log?.warn(
          { reason: messageOf(error) },
          'the journal could not be written; the interface gets its addresses back all the same',
        ),
      );
    }
    await this.#steps.reached('returning');
    const refused = await returnInterface({ ...this.#options, steps: this.#steps }, port, bridge);
    if (refused.length > 0) return outcome(0, refusedFinding(port.name, refused));
    await this.#write({ moved: undefined, givenUp });
    await this.#steps.reached('returned');
    this.#options.log?.info({ port: port.name, bridge: bridge.name }, 'the interface has its addresses again');
    return { findings: [], changes: 1 };
  }

  async #restore({ port, moved }: LanStep & { readonly do: 'restore' }, journal: LanJournal): Promise<Outcome> {
    const { kernel, log } = this.#options;
    const from = { ifindex: moved.bridgeIndex, name: moved.bridge };
    log?.warn({ bridge: moved.bridge, port: port.name }, 'the bridge is gone: the interface gets its addresses again');
    const refused = kernel.change(addingHeld(moved.held, from, port));
    if (refused.length > 0) return outcome(0, refusedFinding(port.name, refused));
    await this.#write({ ...journal, moved: { ...moved, phase: 'moving' } });
    return { findings: [], changes: 1 };
  }

  async #write(journal: LanJournal): Promise<void> {
    await writeLanJournal(this.#options.stateFolder, journal);
    this.#tell(journal);
  }

  #tell({ moved }: LanJournal): void {
    const { place } = this.#options;
    const [was, is] = [place?.current, moved && { bridge: moved.bridge, port: moved.port }];
    if (was?.bridge !== is?.bridge || was?.port !== is?.port) place?.set(is);
  }
}

function inputsOf({ bridgeName, address }: DesiredLan, { name, mac }: LanLink): string {
  return [bridgeName, address, name, mac].join(' ');
}
