from airflow import DAG
from airflow.operators.bash import BashOperator

with DAG("templates", schedule=None) as dag:
    first = BashOperator(task_id="first", bash_command="echo {{ dag_run.conf['name'] }} and {{ params.kind }}")
    second = BashOperator(task_id="second", bash_command="echo {{ ti.xcom_pull(task_ids='first') }}")
    third = BashOperator(task_id="third", bash_command="echo {{ var.value.bucket }}")
    fourth = BashOperator(task_id="fourth", bash_command="{% for i in range(3) %} echo {{ i }} {% endfor %}")
    fifth = BashOperator(task_id="fifth", bash_command="echo " + str(1))
    sixth = BashOperator(task_id="sixth", bash_command=r"echo \d ${{ HOME }}")
    first >> second
    third << second
