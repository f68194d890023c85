from datetime import timedelta
from airflow import DAG
from airflow.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.providers.amazon.aws.sensors.s3 import S3KeySensor
from airflow.providers.postgres.operators.postgres import PostgresOperator

with DAG("sensors", schedule="@once") as dag:
    wait = S3KeySensor(task_id="wait", bucket_name="in", bucket_key="a.csv", poke_interval=60, mode="reschedule")
    load = PostgresOperator(
        task_id="load",
        postgres_conn_id="db",
        sql="""
        insert into orders
        select * from raw
        """,
        parameters={"limit": 10, "deep": {"list": [1, 2.5, True, None]}},
        retries=3,
        retry_delay=timedelta(seconds=30),
        retry_exponential_backoff=True,
        max_retry_delay=timedelta(minutes=10),
    )
    start = TriggerDagRunOperator(task_id="start", trigger_dag_id="other_dag", conf={"from": "sensors"}, wait_for_completion=True)
    wait >> load
    load >> start
