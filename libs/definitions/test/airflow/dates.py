from airflow import DAG
from airflow.operators.bash import BashOperator
from airflow.operators.python import PythonOperator

with DAG("dates", schedule="@daily") as dag:
    load = BashOperator(task_id="load", bash_command="load {{ ds }} {{ts_nodash}} {{ macros.ds_add(ds, -7) }}")
    month = BashOperator(task_id="month", bash_command="sum", env={"MONTH": "{{ logical_date.strftime('%Y-%m') }}"})
    start = BashOperator(task_id="start", bash_command="echo {{ data_interval_start | ts }} {{ execution_date }}")
    last = PythonOperator(task_id="last", python_callable=store, op_kwargs={"id": "{{ run_id }}", "path": load.output})
    other = BashOperator(task_id="other", bash_command="echo {{ dag_run.conf.get('kind', 'all') }}")
    week = BashOperator(task_id="week", bash_command="echo {{ logical_date.strftime('%V') }}")
