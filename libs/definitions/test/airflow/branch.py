from airflow import DAG
from airflow.operators.empty import EmptyOperator
from airflow.operators.python import BranchPythonOperator, ShortCircuitOperator
from airflow.utils.trigger_rule import TriggerRule


def choose():
    return "small_batch"


def is_open():
    return True


with DAG(dag_id="branch", schedule=None):
    check = ShortCircuitOperator(task_id="check", python_callable=is_open)
    pick = BranchPythonOperator(task_id="pick", python_callable=choose)
    small = EmptyOperator(task_id="small_batch")
    large = EmptyOperator(task_id="large_batch")
    join = EmptyOperator(task_id="join", trigger_rule=TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS)
    alarm = EmptyOperator(task_id="alarm", trigger_rule="all_failed")
    odd = EmptyOperator(task_id="odd", trigger_rule="one_success")
    check >> pick >> [small, large] >> join
    join >> alarm
    join >> odd
