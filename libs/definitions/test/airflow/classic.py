from airflow import DAG
from airflow.operators.dummy import DummyOperator
from airflow.providers.http.operators.http import SimpleHttpOperator
from datetime import timedelta

dag = DAG(dag_id="classic", schedule_interval=timedelta(hours=6), max_active_runs=1)

start = DummyOperator(task_id="start", dag=dag)
call = SimpleHttpOperator(task_id="callApi", http_conn_id="api", endpoint="/v1/run", method="POST", pool="slow", dag=dag)
left = DummyOperator(task_id="left", dag=dag)
right = DummyOperator(task_id="right", dag=dag)
call.set_upstream(start)
call.set_downstream([left, right])
