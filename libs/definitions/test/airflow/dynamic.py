from airflow import DAG
from airflow.operators.bash import BashOperator
from airflow.operators.empty import EmptyOperator
from airflow.utils.task_group import TaskGroup

TABLES = ["orders", "customers"]
LIMIT = 10 * 2

with DAG("dynamic", schedule="0 0 * * SUN", default_args={"depends_on_past": True}) as dag:
    first = EmptyOperator(task_id="first")
    for table in TABLES:
        load = BashOperator(task_id=f"load_{table}", bash_command=f"load {table}")
        first >> load
    if LIMIT > 5:
        EmptyOperator(task_id="large")
    with TaskGroup("checks") as checks:
        for table in TABLES:
            EmptyOperator(task_id=f"check_{table}")
    last = EmptyOperator(task_id="last")
    first >> checks >> last

if __name__ == "__main__":
    dag.test()
