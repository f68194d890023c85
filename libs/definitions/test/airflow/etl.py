"""Loads orders every night."""
from datetime import datetime, timedelta

from airflow import DAG
from airflow.operators.bash import BashOperator
from airflow.operators.empty import EmptyOperator
from airflow.operators.python import PythonOperator

SCHEDULE = "30 2 * * *"
UNUSED = "nobody"
default_args = {
    "owner": "ada",
    "retries": 2,
    "retry_delay": timedelta(minutes=5),
    "email": ["ops@example.org"],
}


def clean(rows, table):
    return {"rows": rows * 2, "table": "orders"}


with DAG(
    "nightly_etl",
    default_args=default_args,
    description="Loads orders",
    schedule=SCHEDULE,
    start_date=datetime(2026, 1, 1),
    catchup=False,
    dagrun_timeout=timedelta(hours=2),
    tags=["orders"],
) as dag:
    extract = BashOperator(task_id="extract", bash_command="echo {{ params.day }}", env={"MODE": "full"})
    transform = PythonOperator(
        task_id="transform",
        python_callable=clean,
        op_kwargs={"rows": 3, "table": "raw"},
        retries=4,
        execution_timeout=timedelta(seconds=90),
    )
    done = EmptyOperator(task_id="done", trigger_rule="all_done")
    extract >> transform >> done
