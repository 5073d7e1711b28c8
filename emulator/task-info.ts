import { taskStates } from './tasks.ts';
import type { Task } from './tasks.ts';

/**
 * A task as DescribeTasks shows it: the SDK's `TaskResponseInfo`. It has SQL, paths and account
 * numbers as a real one has, so that a test can prove that the gateway shows none of them.
 */
export function taskInfo(task: Task): TaskInfo {
  const hasSucceeded = task.state === taskStates.succeeded;
  const elapsedMs = task.updatedAtMs - task.createdAtMs;
  return {
    Id: task.id,
    State: task.state,
    DataEngineName: task.engine,
    DataEngineId: task.engineId,
    OperateUin: task.operator,
    UserAlias: 'analyst-zhang',
    CreateTime: formatTime(task.createdAtMs),
    UpdateTime: formatTime(task.updatedAtMs),
    DatabaseName: 'crm_production',
    SQL: sqlOf(task),
    SQLType: 'DML',
    TaskType: task.kind,
    EngineTypeDetail: 'SparkSQL',
    OutputPath: `cosn://dlc-results-1250000000/query/${task.id}/`,
    DataSet: '',
    OutputMessage: '',
    RowAffectInfo: '',
    Error: task.state === taskStates.failed ? 'executor lost on 10.1.2.3' : '',
    Percentage: hasSucceeded ? 100 : 42,
    DataAmount: 73_400_320,
    DataNumber: hasSucceeded ? 1024 : 0,
    UsedTime: elapsedMs,
    TotalTime: elapsedMs,
    ResultExpired: false,
    CanDownload: hasSucceeded,
    ResultFormat: 'csv',
    UiUrl: `https://spark-ui-1250000000.dlc.internal/${task.id}`,
  };
}

/** The members of the SDK's `TaskResponseInfo` that the emulator fills. */
export interface TaskInfo {
  Id: string;
  State: number;
  DataEngineName: string;
  DataEngineId: string;
  OperateUin: string;
  UserAlias: string;
  CreateTime: string;
  UpdateTime: string;
  DatabaseName: string;
  SQL: string;
  SQLType: string;
  TaskType: string;
  EngineTypeDetail: string;
  OutputPath: string;
  DataSet: string;
  OutputMessage: string;
  RowAffectInfo: string;
  Error: string;
  Percentage: number;
  DataAmount: number;
  DataNumber: number;
  UsedTime: number;
  TotalTime: number;
  ResultExpired: boolean;
  CanDownload: boolean;
  ResultFormat: string;
  UiUrl: string;
}

/** The text that the filter `task-sql-keyword` looks in. */
export function sqlOf({ id }: Pick<Task, 'id'>): string {
  return `SELECT name, phone FROM crm_production.customers WHERE batch = '${id}'`;
}

/** The API documents no zone. The emulator uses Beijing's: so a test notices a client that assumes UTC. */
const zoneMs = 8 * 60 * 60 * 1000;

/** `yyyy-mm-dd HH:MM:SS`, the format of the API's times. */
function formatTime(ms: number): string {
  return new Date(ms + zoneMs).toISOString().slice(0, 19).replace('T', ' ');
}

/** Reads a time as {@link formatTime} writes it. @returns ms since 1970, undefined for another format */
export function parseTime(text: string): number | undefined {
  const isTime = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(text);
  const ms = isTime ? Date.parse(`${text.replace(' ', 'T')}Z`) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms - zoneMs;
}
