import type { Figure, Section } from './figures.ts';
import { measureCpu } from './sections/cpu.ts';
import { measureGrowth } from './sections/growth.ts';
import { measureLatency } from './sections/latency.ts';
import { measureMemory } from './sections/memory.ts';
import { measureFleet, measureOverload } from './sections/overload.ts';
import { measureSize } from './sections/size.ts';
import { measureFirst, measureStart } from './sections/start.ts';
import type { Build } from './subjects.ts';

export type Measure = (build: Build) => Promise<Figure[]> | Figure[];

/** How much of each: a run of all takes some ten minutes, a quick one less than one. */
export const MEASURES: Readonly<Record<'full' | 'quick', Readonly<Record<Section, Measure>>>> = {
  full: {
    start: (build) => measureStart(build, 31),
    first: (build) => measureFirst(build, 31),
    size: measureSize,
    memory: (build) => measureMemory(build, 3, 10_000),
    cpu: (build) => measureCpu(build, 5, 3000),
    latency: (build) => measureLatency(build, 5, 60),
    overload: (build) => measureOverload(build, 3, 10),
    fleet: (build) => measureFleet(build, 3, 12),
    growth: (build) => measureGrowth(build, 3, 1500),
  },
  quick: {
    start: (build) => measureStart(build, 3),
    first: (build) => measureFirst(build, 3),
    size: measureSize,
    memory: (build) => measureMemory(build, 1, 300),
    cpu: (build) => measureCpu(build, 1, 400),
    latency: (build) => measureLatency(build, 1, 10),
    overload: (build) => measureOverload(build, 1, 3),
    fleet: (build) => measureFleet(build, 1, 4),
    growth: (build) => measureGrowth(build, 1, 200),
  },
};
