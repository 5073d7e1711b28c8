import type { Task } from './tasks.ts';
import { taskStates } from './task-states.ts';

/**
 * A task as DescribeTasks shows it: the SDK's `TaskResponseInfo`. It carries SQL, paths and account
 * numbers as a real one does, so that a test can prove that none of them gets out.
 *
 * `DataEngineId` is `DataEngine-<name>`, so that whoever posts a task knows it.
 */
export function taskInfo(task: Task): TaskInfo {
  const hasSucceeded = task.state === taskStates.succeeded;
  const elapsedMs = task.updatedAtMs - task.createdAtMs;
  return {
    Id: task.id,
    State: task.state,
    DataEngineName: task.engine,
    DataEngineId: `DataEngine-${task.engine}`,
    OperateUin: operateUin,
    UserAlias: 'analyst-zhang',
    CreateTime: formatTime(task.createdAtMs),
    UpdateTime: formatTime(task.updatedAtMs),
    DatabaseName: 'crm_production',
    SQL: taskSql(task.id),
    SQLType: 'DML',
    TaskType: 'SQLTask',
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

const operateUin = '100004561234';

function taskSql(id: string): string {
  return `SELECT name, phone FROM crm_production.customers WHERE batch = '${id}'`;
}

/**
 * `yyyy-mm-dd HH:MM:SS`, the format of the API's StartTime. The zone is undocumented; it is Beijing's
 * here, so that a client which takes it for UTC is found out.
 */
function formatTime(ms: number): string {
  const beijing = new Date(ms + 8 * 60 * 60 * 1000);
  return beijing.toISOString().slice(0, 19).replace('T', ' ');
}
