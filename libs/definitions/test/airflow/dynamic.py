from airflow import DAG
from airflow.operators.bash import BashOperator
from airflow.operators.empty import EmptyOperator

TABLES = ["orders", "customers"]
LIMIT = 10 * 2

with DAG("dynamic", schedule="0 0 * * SUN", default_args={"depends_on_past": True}) as dag:
    first = EmptyOperator(task_id="first")
    for table in TABLES:
        load = BashOperator(task_id=f"load_{table}", bash_command=f"load {table}")
        first >> load
    if LIMIT > 5:
        EmptyOperator(task_id="large")

if __name__ == "__main__":
    dag.test()
